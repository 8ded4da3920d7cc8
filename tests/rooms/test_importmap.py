"""The import map: every module is pinned, every pin exists, every import resolves, and only it is inline."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.template import Context, Template

from chatproject.importmap import PACKAGES, content_hash, import_map, module_files
from tests.rooms.views.conftest import browser
from tests.support.people import room

STATIC = Path(settings.BASE_DIR) / "rooms" / "static"
MODULES = sorted((STATIC / "rooms").rglob("*.js"))
TEMPLATES = sorted((Path(settings.BASE_DIR) / "templates").rglob("*.html"))

IMPORT = re.compile(
    r"""^\s*(?:import|export)\b[^"'`;]*?\bfrom\s*["']([^"']+)["']"""  # import … from "x", export … from "x"
    r"""|^\s*import\s*["']([^"']+)["']"""  # import "x"
    r"""|\bimport\(\s*["'`]([^"'`]+)["'`]""",  # import("x")
    re.MULTILINE,
)
INLINE_HANDLER = re.compile(r"<[^>]*\son[a-z]+\s*=", re.IGNORECASE)
INLINE_STYLE = re.compile(r"<style|<[^>]*\sstyle\s*=", re.IGNORECASE)


def pins():
    return json.loads(import_map())["imports"]


def imports(text):
    return [next(filter(None, found)) for found in IMPORT.findall(text)]


def named(path):
    return path.relative_to(STATIC).as_posix()


# --- The map ------------------------------------------------------------------------------------
def test_every_module_is_pinned_by_its_path():
    assert len(MODULES) > 20
    own = {name for name in pins() if name not in PACKAGES}
    assert own == {path.relative_to(STATIC).with_suffix("").as_posix() for path in MODULES}


def test_every_pin_is_a_file_that_is_served():
    for name, address in pins().items():
        assert address.startswith("/static/"), name
        path = Path(settings.STATIC_ROOT) / address.removeprefix("/static/")
        assert path.is_file(), name
        # Under its hashed name, so that it may be cached for ever.
        assert re.search(r"\.[0-9a-f]{12}\.js$", address), address
        assert address == staticfiles_storage.url(module_files()[name])


def test_the_client_of_socketio_is_pinned_and_is_a_module():
    path = Path(settings.STATIC_ROOT) / pins()["socket.io-client"].removeprefix("/static/")
    assert re.search(r"export\s*\{", path.read_text())


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_a_module_imports_pinned_modules_by_bare_names(path):
    for name in imports(path.read_text()):
        assert name in pins(), f"{named(path)} imports {name}"


def test_the_search_for_imports_finds_them():
    text = """import { a } from "rooms/a";
import "rooms/b";
import {
  c,
  d,
} from "rooms/c";
export { e } from 'rooms/d';
const f = await import("rooms/e");"""
    assert imports(text) == ["rooms/a", "rooms/b", "rooms/c", "rooms/d", "rooms/e"]
    assert any(imports(path.read_text()) for path in MODULES)


def test_the_map_cannot_end_its_element():
    assert "<" not in import_map()


def test_modules_of_the_chat_can_be_fetched_all_at_once():
    html = Template("{% load importmap %}{% preload_modules %}").render(Context())
    fetched = set(re.findall(r'<link rel="modulepreload" href="([^"]+)">', html))
    assert fetched < set(pins().values())
    left_out = {name for name, address in pins().items() if address not in fetched}
    staff = {name for name in pins() if name.startswith("rooms/staff")}
    assert left_out == {"uplot", *staff}


# --- The pages ----------------------------------------------------------------------------------
class Scripts(HTMLParser):
    """A page's scripts and what else could run or be fetched."""

    def __init__(self, html):
        super().__init__()
        self.inline, self.sources, self.handlers, self.styles = [], [], [], []
        self._in_script = False
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.handlers += [name for name in attributes if name.startswith("on")]
        self.styles += [tag for name in attributes if name == "style"] + [tag] * (tag == "style")
        if tag == "script":
            if "src" in attributes:
                self.sources.append((attributes.get("type"), attributes["src"]))
            else:
                self.inline.append((attributes.get("type"), ""))
                self._in_script = True

    def handle_data(self, data):
        if self._in_script:
            kind, text = self.inline.pop()
            self.inline.append((kind, text + data))

    def handle_endtag(self, tag):
        self._in_script = self._in_script and tag != "script"


def directives(answer):
    parts = [part.split() for part in answer["Content-Security-Policy"].split(";") if part.strip()]
    return {name: sources for name, *sources in parts}


def own_pages(owner, member):
    room("lobby", owner=owner, guests_may_read=True)
    owner.is_staff = owner.is_superuser = True
    owner.save()
    yield browser(owner).get("/")
    yield browser(owner).get("/rooms/lobby/")
    yield browser(owner).get("/rooms/")
    yield browser(owner).get("/staff/")
    yield browser(owner).get("/accounts/password/")
    yield browser(member).get("/staff/")
    yield browser(member).get("/rooms/nowhere/")
    yield browser().get("/")
    yield browser().get("/accounts/login/")
    yield browser().get("/accounts/signup/")
    yield browser().get("/accounts/guest/")
    yield browser().get("/invite/unknown/")


def assert_map_comes_first(html):
    first = re.search(r'<script type="module"|modulepreload', html)
    assert first is None or html.index('type="importmap"') < first.start()


@pytest.mark.django_db
def test_the_one_inline_script_of_a_page_is_the_map_and_the_policy_holds_its_hash(owner, member):
    for answer in own_pages(owner, member):
        path = answer.request["PATH_INFO"]
        found = Scripts(answer.content.decode())
        assert len(found.inline) == 1, path
        [(kind, text)] = found.inline
        assert kind == "importmap", path
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert directives(answer)["script-src"] == ["'self'", f"'sha256-{digest}'"], path
        assert content_hash() == f"'sha256-{digest}'"
        for kind, source in found.sources:
            assert kind == "module", path
            assert source in pins().values(), path
        assert found.handlers == [], path
        assert found.styles == [], path
        assert_map_comes_first(answer.content.decode())


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_holds_no_script_style_or_handler_of_its_own(path):
    text = path.read_text()
    assert not INLINE_HANDLER.search(text)
    assert not INLINE_STYLE.search(text)
    for script in re.findall(r"<script[^>]*>", text):
        own = re.fullmatch(r"""<script type="module" src="\{% static '[\w./-]+' %\}">""", script)
        # Pages of the admin site may use what Django's own do.
        djangos = re.fullmatch(r"""<script src="\{% static 'admin/js/[\w./-]+' %\}" async>""", script)
        assert own or (djangos and "admin" in path.parts)


def test_the_search_for_handlers_and_styles_finds_them():
    assert INLINE_HANDLER.search('<a href="x" onclick="y()">')
    assert INLINE_STYLE.search('<p style="color: red">')
    assert INLINE_STYLE.search("<style>")
