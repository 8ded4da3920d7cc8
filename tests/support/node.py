"""Runs `*.test.mjs` files of node:test, so that pytest shows each of their tests by name."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.support.server import ROOT

TIMEOUT = 240  # seconds for one file

NAME = re.compile(r'^test\(\s*"((?:[^"\\]|\\.)+)"', re.MULTILINE)
OUTCOME = re.compile(r"^(not ok|ok) \d+ - ", re.MULTILINE)


@dataclass(frozen=True)
class Outcome:
    """Whether one test passed, and what Node said about it."""

    passed: bool
    output: str


def names(script: Path) -> list[str]:
    """The names of the top-level tests of a file."""
    return NAME.findall(script.read_text())


def run(script: Path, **environment: str) -> dict[str, Outcome]:
    """The outcome of each top-level test of a file, by name."""
    node = shutil.which("node")
    assert node
    try:
        done = subprocess.run(
            [node, "--test-reporter=tap", str(script)],
            cwd=ROOT,
            env={"PATH": "/usr/local/bin:/usr/bin:/bin", **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=TIMEOUT,
        )
        output = done.stdout
    except subprocess.TimeoutExpired as ended:
        output = (ended.stdout or b"").decode()
    return {name: _outcome(name, output) for name in names(script)}


def _outcome(name: str, output: str) -> Outcome:
    for part in re.split(r"^# Subtest: ", output, flags=re.MULTILINE)[1:]:
        found = OUTCOME.search(part)
        if part.partition("\n")[0] == name and found:
            return Outcome(found[1] == "ok", part)
    return Outcome(False, f"Node did not get to this test:\n{output}")
