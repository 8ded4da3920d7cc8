"""The rules that keep the structure: who may import whom, what is declared, what stands in no file."""

import ast
import functools
import importlib.metadata
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.support.imports import ROOT, RUNTIME, Module, modules, within

Checker = Callable[[Module], Iterator[str]]

FIRST_PARTY = {"accounts", "bench", "chatproject", "rooms", "tests"}
# The two composers, and the command that starts one of them.
COMPOSERS = ("chatproject.urls", "chatproject.asgi", "chatproject.management.commands.serve")
FLOORS = {
    "python-socketio": "5.18.1",
    "python-engineio": "4.15.1",
    "uvicorn": "0.52.1",
    "django": "5.2.19",
    "h11": "0.16",
}
CLIENT_FLOOR = "4.8"
LOCK_FILES = (
    "requirements/base.txt",
    "requirements/dev.txt",
    "requirements/bench.txt",
    "package-lock.json",
    "bench/peers/node/package-lock.json",
)


# --- Who may import whom ------------------------------------------------------------------------
def never(importer: tuple[str, ...], imported: tuple[str, ...], but: tuple[str, ...] = ()) -> Checker:
    """A checker: modules below `importer` import nothing below `imported`, except what is below `but`."""

    def check(module: Module) -> Iterator[str]:
        if module.is_in(*importer):
            for name in module.imports():
                if within(name, *imported) and not within(name, *but):
                    yield f"{module.name} imports {name}"

    return check


def only_composers_import_apps(module: Module) -> Iterator[str]:
    if module.is_in("chatproject") and not module.is_in(*COMPOSERS):
        yield from (
            f"{module.name} imports {name}" for name in module.imports() if within(name, "accounts", "rooms")
        )


def only_sockets_know_socketio(module: Module) -> Iterator[str]:
    if not module.is_in("chatproject.sockets"):
        for name in module.imports():
            if within(name, "socketio", "engineio"):
                yield f"{module.name} imports {name}"


def only_sockets_emit(module: Module) -> Iterator[str]:
    if not module.is_in("chatproject.sockets"):
        for call in calls(module):
            if isinstance(call.func, ast.Attribute) and call.func.attr == "emit":
                yield f"{module.name}:{call.lineno} calls emit"


def calls(module: Module) -> Iterator[ast.Call]:
    return (node for node in ast.walk(module.tree) if isinstance(node, ast.Call))


TRANSLATORS = (
    "rooms.views", "rooms.api", "rooms.admin", "rooms.templatetags", "rooms.urls", "rooms.namespaces",
)  # fmt: skip

IMPORT_RULES: dict[str, tuple[Checker, str, str]] = {
    # name: (checker, a module that would break it, the line that would)
    "sockets know no app": (
        never(("chatproject.sockets",), ("accounts", "rooms")),
        "chatproject.sockets.identity",
        "from accounts.models import User",
    ),
    "sockets know nothing of the project but its errors and how it reads and writes": (
        never(
            ("chatproject.sockets",),
            ("chatproject",),
            but=(
                "chatproject.sockets",
                "chatproject.errors",
                "chatproject.connections",
                "chatproject.writes",
            ),
        ),
        "chatproject.sockets.identity",
        "from ..settings import MESSAGE_LENGTH",
    ),
    "the write queue knows no transport": (
        never(("chatproject.writes", "chatproject.connections"), ("chatproject.sockets",)),
        "chatproject.writes.queue",
        "from chatproject.sockets.publishing import sender",
    ),
    "accounts never import rooms": (
        never(("accounts",), ("rooms", *COMPOSERS)),
        "accounts.operations",
        "def sign_up():\n    from rooms import operations",
    ),
    "models know nothing above them": (
        never(("rooms.models",), ("rooms.events", "rooms.operations", *TRANSLATORS)),
        "rooms.models",
        "from rooms.events import message_posted",
    ),
    "events know models only": (
        never(("rooms.events",), ("rooms.operations", *TRANSLATORS)),
        "rooms.events",
        "import rooms.operations",
    ),
    "operations know no translator": (
        never(("rooms.operations",), TRANSLATORS),
        "rooms.operations.messages",
        "from rooms.namespaces.chat import ChatNamespace",
    ),
    "views never import namespaces": (
        never(("rooms.views", "rooms.api", "rooms.admin", "rooms.urls"), ("rooms.namespaces",)),
        "rooms.views",
        "from rooms import namespaces",
    ),
    "namespaces never import views": (
        never(("rooms.namespaces",), ("rooms.views", "rooms.api", "rooms.admin", "rooms.urls")),
        "rooms.namespaces.chat",
        "from rooms.views import chat",
    ),
    "models and operations know nothing of the transport": (
        never(
            ("rooms.models", "rooms.operations", "accounts.models", "accounts.operations"),
            ("chatproject.sockets",),
            but=("chatproject.sockets.publish",),
        ),
        "rooms.operations",
        "from chatproject.sockets import Namespace",
    ),
    "events know publish, and what a person's channels are called": (
        never(
            ("rooms.events", "accounts.events", "accounts.channels"),
            ("chatproject.sockets",),
            but=("chatproject.sockets.publish", "chatproject.sockets.channels"),
        ),
        "rooms.events.publications",
        "from chatproject.sockets.publishing import Emission",
    ),
    "only composers import the apps": (
        only_composers_import_apps,
        "chatproject.serving",
        "import rooms.namespaces",
    ),
    "only sockets import python-socketio": (
        only_sockets_know_socketio,
        "rooms.namespaces",
        "import socketio.exceptions",
    ),
    "only sockets emit": (
        only_sockets_emit,
        "rooms.operations",
        "async def f(sio):\n    await sio.emit('x', {})",
    ),
}


@pytest.mark.parametrize("rule", IMPORT_RULES)
def test_every_module_keeps_the_import_rule(rule):
    checker, _, _ = IMPORT_RULES[rule]
    assert [violation for module in modules(*RUNTIME) for violation in checker(module)] == []


@pytest.mark.parametrize("rule", IMPORT_RULES)
def test_the_import_rule_finds_what_breaks_it(rule):
    checker, name, source = IMPORT_RULES[rule]
    assert list(checker(Module.of(name, source)))


def test_the_parts_that_the_import_rule_names_exist():
    names = {module.name for module in modules(*RUNTIME)}
    parts = {
        "accounts", "chatproject.sockets", "rooms.models", "rooms.events", "rooms.operations", "rooms.views",
        "rooms.namespaces", *COMPOSERS,
    }  # fmt: skip
    assert parts <= names


# --- What is declared ---------------------------------------------------------------------------
def declared(*extras: str) -> set[str]:
    """The packages that pyproject.toml names, those of `extras` among them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = [
        *project["dependencies"],
        *(line for name in extras for line in project["optional-dependencies"][name]),
    ]
    return {canonicalize_name(Requirement(line).name) for line in lines}


distributions = functools.cache(importlib.metadata.packages_distributions)


def undeclared(module: Module, packages: set[str]) -> Iterator[str]:
    """The imports of `module` that belong to none of `packages`."""
    for name in module.imports():
        top = name.partition(".")[0]
        if top in sys.stdlib_module_names or top in FIRST_PARTY:
            continue
        if not {canonicalize_name(found) for found in distributions().get(top, [])} & packages:
            yield f"{module.name} imports {top}"


def test_the_product_imports_only_what_it_declares():
    packages = declared()
    assert [found for module in modules(*RUNTIME) for found in undeclared(module, packages)] == []


def test_the_tests_import_only_what_is_declared():
    packages = declared("dev")
    assert [found for module in modules("tests") for found in undeclared(module, packages)] == []


def test_an_undeclared_import_is_found():
    assert list(undeclared(Module.of("rooms.views", "import pytest"), declared()))
    assert list(undeclared(Module.of("rooms.views", "from unheard_of import thing"), declared("dev")))
    assert not list(
        undeclared(Module.of("rooms.views", "import json, django.urls, rooms.models"), declared())
    )


def pins(file: str) -> dict[str, Version]:
    text = (ROOT / "requirements" / file).read_text()
    found = re.findall(r"^([\w.-]+)(?:\[[\w,-]+\])?==(\S+)", text, re.MULTILINE)
    return {canonicalize_name(name): Version(version) for name, version in found}


@pytest.mark.parametrize("package", FLOORS)
def test_the_pinned_and_the_installed_version_have_the_known_holes_closed(package):
    floor = Version(FLOORS[package])
    assert pins("base.txt")[package] >= floor
    assert pins("dev.txt")[package] >= floor
    assert Version(importlib.metadata.version(package)) >= floor


def test_the_declared_versions_allow_none_with_the_known_holes():
    dependencies = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    oldest = {
        str(canonicalize_name(requirement.name)): Version(part.version)
        for requirement in map(Requirement, dependencies)
        for part in requirement.specifier
        if part.operator == ">="
    }
    for package, floor in FLOORS.items():
        assert oldest[package] >= Version(floor), package


def test_the_locked_client_is_recent_enough():
    lock = json.loads((ROOT / "package-lock.json").read_text())
    assert Version(lock["packages"]["node_modules/socket.io-client"]["version"]) >= Version(CLIENT_FLOOR)


def test_development_benchmark_and_production_pin_the_same_versions():
    base = pins("base.txt").items()
    assert base <= pins("dev.txt").items()
    assert base <= pins("bench.txt").items()


# --- What stands in no file ---------------------------------------------------------------------
# Written so that neither finds itself.
REGISTRIES = re.compile(r"pypi[.]org|python[h]osted|registry[.]npmjs|npm[m]irror|--(?:extra-)?index-[u]rl")
MACHINE_PATHS = re.compile(r"(?<![\w.)}-])/(?:work|root|opt/[p]ypi)/")


def files() -> list[str]:
    """The project's files by path: what git tracks, and what is new and not ignored."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return [name for name in listed if (ROOT / name).is_file()]


def holding(pattern: re.Pattern[str]) -> list[str]:
    """Where `pattern` stands in the project's text files."""
    found = []
    for name in files():
        data = (ROOT / name).read_bytes()
        if b"\0" not in data and (match := pattern.search(data.decode())):
            found.append(f"{name}: {match[0]}")
    return found


def test_no_file_holds_the_address_of_a_package_registry():
    assert REGISTRIES.search("https://" + "registry." + "npmjs.org/ms")
    assert holding(REGISTRIES) == []


def test_lock_files_hold_no_address_at_all():
    for name in LOCK_FILES:
        assert "://" not in (ROOT / name).read_text(), name


def test_no_file_holds_a_path_of_the_machine_it_was_written_on():
    assert MACHINE_PATHS.search("cd /{}/main".format("work"))
    assert holding(MACHINE_PATHS) == []


# --- What no code does --------------------------------------------------------------------------
def risky(module: Module) -> Iterator[str]:
    """The Admin UI of python-socketio shows cookies, pickle runs what it reads, `*` lets any site in."""
    for name in module.imports():
        if within(name, "pickle", "cPickle", "shelve", "marshal"):
            yield f"{module.name} imports {name}"
    for call in calls(module):
        if isinstance(call.func, ast.Attribute) and call.func.attr == "instrument":
            yield f"{module.name}:{call.lineno} calls instrument"
        for keyword in call.keywords:
            if keyword.arg == "cors_allowed_origins" and "'*'" in ast.unparse(keyword.value):
                yield f"{module.name}:{call.lineno} allows every origin"


def environment_reads(module: Module) -> Iterator[str]:
    """Uses of the environment outside the settings; manage.py and asgi.py may name the settings module."""
    if module.is_in("chatproject.settings", "chatproject.environment"):
        return
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.Attribute | ast.Name):
            continue
        used = ast.unparse(node)
        if used in {"os.environ", "os.getenv", "environ.Env", "getenv"}:
            yield f"{module.name}:{node.lineno} uses {used}"
    if module.is_in("manage", "chatproject.asgi"):
        return
    yield from (
        f"{module.name} imports {name}" for name in module.imports() if within(name, "environ", "os.environ")
    )


def without_settings_default(module: Module) -> Module:
    """The module less `os.environ.setdefault("DJANGO_SETTINGS_MODULE", …)`."""

    class Removal(ast.NodeTransformer):
        def visit_Expr(self, node: ast.Expr) -> ast.Expr | None:
            said = ast.unparse(node).startswith("os.environ.setdefault('DJANGO_SETTINGS_MODULE'")
            return None if said else node

    tree = Removal().visit(ast.parse(ast.unparse(module.tree)))
    return Module(module.name, tree, module.is_package)


@pytest.mark.parametrize(
    "source",
    [
        "sio.instrument(auth=False)",
        "import pickle",
        "Server(cors_allowed_origins='*')",
        "Server(cors_allowed_origins=['*'])",
    ],
)
def test_what_is_risky_is_found(source):
    assert list(risky(Module.of("chatproject.asgi", source)))


def test_nothing_risky_is_done():
    assert [found for module in modules(*RUNTIME) for found in risky(module)] == []


@pytest.mark.parametrize(
    "source", ["import os\nos.environ['X']", "import os\nos.getenv('X')", "import environ"]
)
def test_a_look_at_the_environment_is_found(source):
    assert list(environment_reads(Module.of("rooms.views", source)))


def test_only_the_settings_read_the_environment():
    composed = {"manage", "chatproject.asgi"}
    for module in modules(*RUNTIME):
        looked_at = without_settings_default(module) if module.name in composed else module
        assert list(environment_reads(looked_at)) == []
