"""The rules that keep the browser side simple and safe, read from its files."""

import re
from pathlib import Path

import pytest

from chatproject.importmap import module_files
from tests.support.imports import ROOT

STATIC = ROOT / "rooms" / "static" / "rooms"
MODULES = sorted(STATIC.rglob("*.js"))
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))

IMPORT = re.compile(r"""^(?:import|export)\s(?:[^;"']*?\sfrom\s+)?["']([^"']+)["']""", re.MULTILINE)
MARKUP = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment|setHTML"
)
PAGE = re.compile(r"\b(?:document|window|localStorage|sessionStorage|navigator|location|HTMLElement)\b")
EVALUATED = re.compile(r"\beval\(|new Function\b|set(?:Timeout|Interval)\(\s*[\"'`]")
INLINE = re.compile(r"""\s(?:style|on[a-z]+)\s*=\s*["']|<style\b|javascript:""", re.IGNORECASE)
INLINE_SCRIPT = re.compile(r"<script\b(?![^>]*\bsrc=)", re.IGNORECASE)
CODE = re.compile(r"^\s*(?://|/?\*).*$", re.MULTILINE)


def name_of(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def code_of(file: Path) -> str:
    """A module without the lines that are comments."""
    return CODE.sub("", file.read_text())


def imports_of(file: Path) -> list[str]:
    return IMPORT.findall(file.read_text())


def test_the_readings_below_find_what_they_look_for() -> None:
    source = 'import { a } from "x";\nimport "y";\nexport { b } from "z";\nimport {\n  c,\n} from "w";\n'
    assert IMPORT.findall(source) == ["x", "y", "z", "w"]
    assert MARKUP.search("row.innerHTML = text")
    assert PAGE.search("document.title")
    assert INLINE.search('<p style="color: red">') and INLINE.search("<a onclick='go()'>")
    assert INLINE_SCRIPT.search("<script>go()</script>") and not INLINE_SCRIPT.search('<script src="x">')
    assert len(MODULES) > 20
    assert len(TEMPLATES) > 10


@pytest.mark.parametrize("file", MODULES, ids=name_of)
def test_modules_are_imported_by_pinned_bare_names(file: Path) -> None:
    assert set(imports_of(file)) <= set(module_files())


@pytest.mark.parametrize("file", MODULES, ids=name_of)
def test_markup_is_inserted_by_one_module_only(file: Path) -> None:
    assert bool(MARKUP.search(code_of(file))) == (file == STATIC / "markup.js")
    assert not EVALUATED.search(code_of(file))


def test_one_module_knows_the_client_of_socket_io() -> None:
    knowing = [file.name for file in MODULES if "socket.io-client" in imports_of(file)]
    assert knowing == ["socket.js"]


@pytest.mark.parametrize("file", sorted((STATIC / "models").glob("*.js")), ids=name_of)
def test_models_import_nothing_and_touch_no_page(file: Path) -> None:
    assert imports_of(file) == []
    assert not PAGE.search(code_of(file))


@pytest.mark.parametrize("file", TEMPLATES, ids=name_of)
def test_templates_hold_no_code_and_no_styles(file: Path) -> None:
    text = file.read_text()
    assert not INLINE.search(text)
    assert not INLINE_SCRIPT.search(text)


def test_every_document_names_its_icon() -> None:
    documents = [
        file for file in TEMPLATES if "<!doctype" in (text := file.read_text()) or "admin/base.html" in text
    ]
    assert len(documents) == 3
    assert all('rel="icon"' in file.read_text() for file in documents)


def test_every_address_in_the_styles_is_our_own() -> None:
    styles = "".join(file.read_text() for file in STATIC.rglob("*.css"))
    assert "@import" not in styles
    assert not re.search(r"url\(\s*[\"']?(?:https?:)?//", styles)
