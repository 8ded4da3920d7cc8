"""The real JavaScript client, socket.io-client in Node, against a real server; each Node test is shown."""

from pathlib import Path

import pytest

from tests.support import node

SCRIPTS = sorted(Path(__file__).parent.glob("*.test.mjs"))
TESTS = [(script, name) for script in SCRIPTS for name in node.names(script)]


@pytest.fixture(scope="module")
def outcomes(served, control, playground):
    """The outcomes of a script's tests; a script runs once, however many of its tests are asked for."""
    done: dict[Path, dict[str, node.Outcome]] = {}

    def outcomes(script: Path) -> dict[str, node.Outcome]:
        if script not in done:
            done[script] = node.run(
                script, CHAT_URL=served.url, CONTROL_URL=control, PLAYGROUND_URL=playground.url
            )
        return done[script]

    return outcomes


@pytest.mark.needs("node")
@pytest.mark.parametrize(("script", "name"), TESTS, ids=[f"{script.stem}: {name}" for script, name in TESTS])
def test_in_node(script, name, outcomes):
    outcome = outcomes(script)[name]
    if not outcome.passed:
        pytest.fail(outcome.output, pytrace=False)


def test_every_script_has_tests():
    assert SCRIPTS
    assert all(node.names(script) for script in SCRIPTS)
