"""A server process of the product, as `manage.py serve` starts it, with people in it."""

import contextlib
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from http.cookiejar import CookieJar
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent.parent
START_TIMEOUT = 30  # seconds
STOP_TIMEOUT = 15  # seconds
HTTP_TIMEOUT = 10  # seconds
POLL = 0.02  # seconds between two looks at something awaited
PASSWORD = "correct horse battery 9"
OWNER = "olivia"

Cookies = dict[str, str]


def environment(data_dir: Path, **settings: str) -> dict[str, str]:
    """What a child process sees: its own data folder and `settings`, no product settings of this shell."""
    return {
        "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
        "HOME": str(data_dir),
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        "PYTHONWARNINGS": "default",
        "DJANGO_SETTINGS_MODULE": "tests.support.server_settings",
        "DATA_DIR": str(data_dir),
        **settings,
    }


def manage(data_dir: Path, *arguments: str, **settings: str) -> str:
    """The output of `manage.py` with `arguments`; raises CalledProcessError when it fails."""
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=environment(data_dir, **settings),
        capture_output=True,
        text=True,
        check=True,
        timeout=START_TIMEOUT,
    ).stdout


class Visitor:
    """A person's browser as far as plain pages go: cookies, forms, no redirects followed."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.jar = CookieJar()
        self._opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(self.jar), _NoRedirect()
        )

    @property
    def cookies(self) -> Cookies:
        return {cookie.name: cookie.value or "" for cookie in self.jar}

    def get(self, path: str) -> tuple[int, str]:
        """The status and text of a page."""
        return self._open(urllib.request.Request(self.url + path))

    def post(self, path: str, **fields: str) -> tuple[int, str]:
        """The status and text that answer a form, sent with the page's own CSRF token."""
        _, page = self.get(path)
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
        assert token, f"{path} holds no CSRF token:\n{page}"
        data = urllib.parse.urlencode({"csrfmiddlewaretoken": token[1], **fields}).encode()
        return self._open(urllib.request.Request(self.url + path, data, {"Origin": self.url}))

    def submit(self, path: str, **fields: str) -> Cookies:
        """Sends a form that must be accepted (answered by a redirect); the cookies after it."""
        status, page = self.post(path, **fields)
        assert status in {302, 303}, f"{path} answered {status}:\n{page}"
        return self.cookies

    def _open(self, request: urllib.request.Request) -> tuple[int, str]:
        try:
            with self._opener.open(request, timeout=HTTP_TIMEOUT) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as answer:
            with answer:
                return answer.code, answer.read().decode()


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args, **kwargs):
        return None


class Server:
    """`manage.py serve` on a free port of loopback; after a restart on the same port, with the same data."""

    def __init__(self, data_dir: Path, **settings: str) -> None:
        self.data_dir = data_dir
        self.settings = settings
        self.port = 0
        self._output = data_dir / "server.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self._process
        return self._process.pid

    def start(self) -> None:
        """Starts the process; returns once `/healthz` answers."""
        self._logged_before = len(self.log())
        with self._output.open("ab") as output:
            self._process = self._spawn(output)
        serving = self.wait_for_log(r"^Serving on http://\S+:(\d+)$")
        self.port = int(serving[1])
        status, _ = Visitor(self.url).get("/healthz")
        assert status == 200, self.log()

    def _spawn(self, output: IO[bytes]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "manage.py", "serve", "--port", str(self.port)],
            cwd=ROOT,
            env=environment(self.data_dir, **self.settings),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )

    def log(self) -> str:
        """Everything the server has printed, over all its starts."""
        return self._output.read_text() if self._output.exists() else ""

    def wait_for_log(self, pattern: str, timeout: float = START_TIMEOUT) -> re.Match[str]:
        """The first match of `pattern` in what was printed since the last start."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if match := re.search(pattern, self.log()[self._logged_before :], re.MULTILINE):
                return match
            assert self._process is None or self._process.poll() is None, f"the server ended:\n{self.log()}"
            time.sleep(POLL)
        raise AssertionError(f"no {pattern!r} within {timeout} s in:\n{self.log()}")

    def stop(self, number: signal.Signals = signal.SIGTERM) -> float:
        """Asks the server to stop; how long that took, in seconds."""
        assert self._process
        began = time.monotonic()
        self._process.send_signal(number)
        self._process.wait(STOP_TIMEOUT)
        return time.monotonic() - began

    @property
    def exit_status(self) -> int | None:
        assert self._process
        return self._process.poll()

    def kill(self) -> None:
        """Ends the process as a power cut would; a second call does nothing."""
        if self._process:
            self._process.kill()
            self._process.wait(STOP_TIMEOUT)

    def restart(self) -> None:
        """Kills the process and starts it again: same port, same data."""
        self.kill()
        self.start()

    def first_run(self, kind: str = "open") -> Cookies:
        """Answers the first-run page as the owner, olivia; the owner's cookies."""
        fields = {"username": OWNER, "password1": PASSWORD, "password2": PASSWORD, "kind": kind}
        return Visitor(self.url).submit("/", **fields)

    def sign_up(self, username: str) -> Cookies:
        """A new account, signed in; its cookies."""
        fields = {"username": username, "password1": PASSWORD, "password2": PASSWORD}
        return Visitor(self.url).submit("/accounts/signup/", **fields)

    def sign_in(self, username: str) -> Cookies:
        """A new session of an account that exists; its cookies."""
        return Visitor(self.url).submit("/accounts/login/", username=username, password=PASSWORD)

    def guest(self, name: str) -> Cookies:
        """An anonymous visitor who picked a name; the cookies."""
        return Visitor(self.url).submit("/accounts/guest/", name=name)


@contextlib.contextmanager
def running(template: Path, data_dir: Path, **settings: str) -> Iterator[Server]:
    """A server on a copy of the data folder `template`, killed at the end."""
    shutil.copytree(template, data_dir, dirs_exist_ok=True)
    server = Server(data_dir, **settings)
    try:
        server.start()
        yield server
    finally:
        server.kill()
