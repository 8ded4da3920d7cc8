"""What is documented is there, and what is there is documented."""

import ast
import re
from pathlib import Path

from django.conf import settings

from rooms.namespaces import ChatNamespace, StaffNamespace

DOCS = Path(settings.BASE_DIR) / "docs"
README = (Path(settings.BASE_DIR) / "README.md").read_text()
WIRE = (DOCS / "realtime.md").read_text()


def _published() -> set[str]:
    """The events that the code publishes, by the first argument of each call."""
    found = set()
    for file in ("rooms/events/publications.py", "accounts/events.py"):
        for node in ast.walk(ast.parse((Path(settings.BASE_DIR) / file).read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "publish":
                name = getattr(node.args[0], "value", None)
                found |= {name} if name else set()
    return found


def test_every_command_is_in_the_wire_contract():
    for name in {*ChatNamespace.handlers, *StaffNamespace.handlers}:
        assert f"`{name}`" in WIRE, name


def test_every_event_is_in_the_wire_contract_with_an_example():
    events = _published()
    assert {"message_posted", "session_ended", "stats", "activity"} <= events
    for name in events:
        assert f"| `{name}` |" in WIRE, name
        assert f'["{name}", ' in WIRE, name


def test_every_setting_of_the_environment_is_in_the_readme_and_no_other():
    source = (Path(settings.BASE_DIR) / "chatproject" / "settings.py").read_text()
    read = set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', source)) | {"DATABASE_URL"}
    table = README.split("## Settings")[1].split("**Behind a proxy**")[0]
    named = set(
        re.findall(r"`([A-Z_]+)`", "\n".join(row.split("|")[1] for row in table.splitlines() if "|" in row))
    )
    assert named == read


def test_every_link_inside_the_documents_leads_somewhere():
    for file in [Path(settings.BASE_DIR) / "README.md", *DOCS.glob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)\)", file.read_text()):
            if "://" not in target:
                assert (file.parent / target).exists(), f"{file.name}: {target}"
