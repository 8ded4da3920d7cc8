"""What the project's Python files import, found by parsing them."""

import ast
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
RUNTIME = ("manage.py", "accounts", "chatproject", "rooms")


@dataclass(frozen=True)
class Module:
    """One Python file: its dotted name, its syntax tree."""

    name: str
    tree: ast.Module
    is_package: bool = False

    @classmethod
    def of(cls, name: str, source: str) -> "Module":
        return cls(name, ast.parse(source))

    @property
    def package(self) -> str:
        return self.name if self.is_package else self.name.rpartition(".")[0]

    def imports(self) -> Iterator[str]:
        """The dotted name of everything imported anywhere in the file: `from a import b` gives `a.b`."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                origin = self._origin(node)
                yield from (f"{origin}.{alias.name}" for alias in node.names)

    def _origin(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        base = self.package.split(".")
        base = base[: len(base) - node.level + 1]
        return ".".join([*base, node.module] if node.module else base)

    def is_in(self, *prefixes: str) -> bool:
        return within(self.name, *prefixes)


def within(name: str, *prefixes: str) -> bool:
    """Whether `name` is one of `prefixes` or lies below one."""
    return any(name == prefix or name.startswith(prefix + ".") for prefix in prefixes)


@functools.cache
def modules(*roots: str) -> list[Module]:
    """The modules of files and folders of the project, migrations left out."""
    found = []
    for root in roots:
        path = ROOT / root
        files = [path] if path.suffix == ".py" else sorted(path.rglob("*.py"))
        found += [_parse(file) for file in files if "migrations" not in file.parts]
    return found


def _parse(file: Path) -> Module:
    parts = file.relative_to(ROOT).with_suffix("").parts
    is_package = parts[-1] == "__init__"
    return Module(".".join(parts[:-1] if is_package else parts), ast.parse(file.read_text()), is_package)
