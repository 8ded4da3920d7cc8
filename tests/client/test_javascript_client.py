"""The real JavaScript client, socket.io-client in Node, against a real server; each Node test is shown."""

from pathlib import Path

import pytest

from tests.support import node

SCRIPTS = sorted(Path(__file__).parent.glob("*.test.mjs"))
NEEDS = {"servers.test.mjs": ["node", "redis"]}
TESTS = [
    pytest.param(
        script,
        name,
        id=f"{script.stem}: {name}",
        marks=pytest.mark.needs(*NEEDS.get(script.name, ["node"])),
    )
    for script in SCRIPTS
    for name in node.names(script)
]


@pytest.fixture(scope="module")
def outcomes(served, control, playgrounds):
    """The outcomes of a script's tests; a script runs once, however many of its tests are asked for."""
    done: dict[Path, dict[str, node.Outcome]] = {}

    def outcomes(script: Path) -> dict[str, node.Outcome]:
        if script not in done:
            done[script] = node.run(
                script,
                CHAT_URL=served.url,
                CONTROL_URL=control,
                PLAYGROUND_URL=playgrounds[0].url,
                OTHER_PLAYGROUND_URL=playgrounds[1].url,
            )
        return done[script]

    return outcomes


@pytest.mark.parametrize(("script", "name"), TESTS)
def test_in_node(script, name, outcomes):
    outcome = outcomes(script)[name]
    if not outcome.passed:
        pytest.fail(outcome.output, pytrace=False)


def test_every_script_has_tests():
    assert SCRIPTS
    assert all(node.names(script) for script in SCRIPTS)
