"""All settings; the environment (and `.env`, if there is one) is read here and nowhere else.

Nothing needs setting for a first run: it is one process on SQLite, everything it keeps lies in `DATA_DIR`.
"""

import secrets
import tomllib
from pathlib import Path
from urllib.parse import urlsplit

import environ

from chatproject.environment import at_least_one, count, database, networks, rate, seconds, trusted_origins
from chatproject.secretfiles import kept_secret

BASE_DIR = Path(__file__).resolve().parent.parent
VERSION: str = tomllib.loads((BASE_DIR / "pyproject.toml").read_text())["project"]["version"]

env = environ.Env()
env.read_env(BASE_DIR / ".env")

# --- Where things are ---------------------------------------------------------------------------
DATA_DIR = Path(env.str("DATA_DIR", default=str(BASE_DIR / "data"))).resolve()
DATA_DIR.mkdir(parents=True, exist_ok=True)

SECRET_KEY_BYTES = 50

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="") or kept_secret(
    DATA_DIR / "secret_key", secrets.token_urlsafe(SECRET_KEY_BYTES)
)

HOST = env.str("HOST", default="127.0.0.1")
PORT = env.int("PORT", default=8000)
SITE_URL = env.str("SITE_URL", default="").rstrip("/")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
TRUSTED_PROXIES = networks("TRUSTED_PROXIES", env.list("TRUSTED_PROXIES", default=[]))
CSRF_TRUSTED_ORIGINS = trusted_origins(env.list("CSRF_TRUSTED_ORIGINS", default=[]), SITE_URL)
if SITE_URL:
    ALLOWED_HOSTS = [*ALLOWED_HOSTS, urlsplit(SITE_URL).hostname or ""]

# --- The parts ----------------------------------------------------------------------------------
INSTALLED_APPS = [
    "rooms",
    "accounts",
    "chatproject",
    "servestatic",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "csp",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "servestatic.middleware.ServeStaticMiddleware",
    "csp.middleware.CSPMiddleware",
    "chatproject.importmap.allow_import_map",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.session_trail",
    "accounts.middleware.audit_origin",
    "django.contrib.messages.middleware.MessageMiddleware",
    "chatproject.too_many_requests.TooManyRequests",
]

ROOT_URLCONF = "chatproject.urls"
ASGI_APPLICATION = "chatproject.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- Database -----------------------------------------------------------------------------------
DATABASES = {"default": database(env, DATA_DIR)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Threads that handlers of socket events share; on PostgreSQL also the bound of their connections.
DATABASE_THREADS = 4

# --- People -------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.backends.PeopleBackend"]
SESSION_ENGINE = "accounts.sessions"
LOGIN_URL = "accounts:login"
LOGIN_REDIRECT_URL = "chat"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    # Not a rule but Django's own hook: it is told of every changed password.
    {"NAME": "accounts.validators.PasswordChangeWatcher"},
]

# Failures for one name from one address; five times as many for all names together.
LOGIN_RATE = rate("LOGIN_RATE", env.str("LOGIN_RATE", default="10/300"))

# --- Language and time --------------------------------------------------------------------------
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

# --- Static files -------------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "chatproject.staticfinders.PackageFileFinder",
]
# Files of npm packages that are served, by the name they are served under; nothing else is collected.
PACKAGE_FILES = {
    "socket.io-client/socket.io.esm.min.js": "socket.io-client/dist/socket.io.esm.min.js",
    "socket.io-client/socket.io.esm.min.js.map": "socket.io-client/dist/socket.io.esm.min.js.map",
    "uplot/uPlot.esm.js": "uplot/dist/uPlot.esm.js",
    "uplot/uPlot.min.css": "uplot/dist/uPlot.min.css",
}
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "servestatic.storage.CompressedManifestStaticFilesStorage"},
}
SERVESTATIC_KEEP_ONLY_HASHED_FILES = False

# --- Security -----------------------------------------------------------------------------------
SECURE = SITE_URL.startswith("https://")
SECURE_SSL_REDIRECT = SECURE
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]  # a probe inside the host speaks plain HTTP
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE
SECURE_HSTS_PRELOAD = SECURE
SESSION_COOKIE_SECURE = SECURE
CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_NAME = "sessionid"
CSRF_COOKIE_NAME = "csrftoken"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:", "blob:"],
        "media-src": ["'self'", "blob:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    },
}

# --- HTTP ---------------------------------------------------------------------------------------
# For the head of a request; its body has to get on meanwhile.
REQUEST_TIMEOUT = seconds("REQUEST_TIMEOUT", env.float("REQUEST_TIMEOUT", default=10))
BODY_BYTES = count("BODY_BYTES", env.int("BODY_BYTES", default=2_621_440))  # of one request

# --- Socket.IO ----------------------------------------------------------------------------------
POLLING = env.bool("POLLING", default=False)  # long-polling besides WebSocket
PING_INTERVAL = seconds("PING_INTERVAL", env.float("PING_INTERVAL", default=10))
PING_TIMEOUT = seconds("PING_TIMEOUT", env.float("PING_TIMEOUT", default=8))
CONNECT_TIMEOUT = seconds("CONNECT_TIMEOUT", env.float("CONNECT_TIMEOUT", default=10), may_be_none=True)
SESSION_CHECK_INTERVAL = seconds("SESSION_CHECK_INTERVAL", env.float("SESSION_CHECK_INTERVAL", default=10))
EVENT_BYTES = count("EVENT_BYTES", env.int("EVENT_BYTES", default=65_536))  # of one event's JSON in UTF-8
EVENT_RATE = rate("EVENT_RATE", env.str("EVENT_RATE", default="200/10"))  # of one connection
JSON_DEPTH = count("JSON_DEPTH", env.int("JSON_DEPTH", default=100))  # levels of lists and objects
# Read ahead of one connection.
PENDING_EVENTS = at_least_one("PENDING_EVENTS", env.int("PENDING_EVENTS", default=8))
CONNECT_RATE = rate("CONNECT_RATE", env.str("CONNECT_RATE", default="100/10"))  # of one address
SOCKETS_PER_ADDRESS = count("SOCKETS_PER_ADDRESS", env.int("SOCKETS_PER_ADDRESS", default=500))
SOCKETS_PER_PERSON = count("SOCKETS_PER_PERSON", env.int("SOCKETS_PER_PERSON", default=20))  # in `/`
GUESTS_PER_ADDRESS = count("GUESTS_PER_ADDRESS", env.int("GUESTS_PER_ADDRESS", default=50))  # their sockets
FRAME_BYTES = count("FRAME_BYTES", env.int("FRAME_BYTES", default=100_000))  # of one WebSocket message
UNSENT_BYTES = count("UNSENT_BYTES", env.int("UNSENT_BYTES", default=1_048_576))  # that wait for one client

# --- Chat ---------------------------------------------------------------------------------------
MESSAGE_RATE = rate("MESSAGE_RATE", env.str("MESSAGE_RATE", default="20/10"))  # of one person
MESSAGE_LENGTH = count("MESSAGE_LENGTH", env.int("MESSAGE_LENGTH", default=10_000))  # code points
SYNC_LIMIT = count("SYNC_LIMIT", env.int("SYNC_LIMIT", default=500))  # changes

# --- Logs ---------------------------------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "chatproject.logs.Line"}},
    "filters": {"refusals": {"()": "chatproject.logs.Refusals"}},
    "handlers": {
        "console": {"class": "chatproject.logs.Console", "formatter": "line", "filters": ["refusals"]},
    },
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        # What python-socketio, Engine.IO and uvicorn say per packet holds payloads and session ids.
        "socketio": {"level": "CRITICAL"},
        "engineio": {"level": "CRITICAL"},
        "uvicorn": {"level": "WARNING"},
        "uvicorn.access": {"level": "CRITICAL"},
        "websockets": {"level": "CRITICAL"},
    },
}
