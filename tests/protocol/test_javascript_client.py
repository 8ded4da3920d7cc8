"""The real JavaScript client against a server with long-polling switched on; each Node test is shown."""

from pathlib import Path

import pytest

from tests.support import node

SCRIPT = Path(__file__).parent / "client.test.mjs"


@pytest.fixture(scope="module")
def outcomes(polling_served):
    return node.run(SCRIPT, CHAT_URL=f"http://127.0.0.1:{polling_served.port}")


@pytest.mark.needs("node")
@pytest.mark.parametrize("name", node.names(SCRIPT))
def test_in_node(name, outcomes, polling_host):
    if not outcomes[name].passed:
        pytest.fail(outcomes[name].output, pytrace=False)


def test_the_product_speaks_it_where_the_setting_says_so(settings, static_files):
    from chatproject.asgi import build_application  # noqa: PLC0415 - it looks the static files up

    assert build_application().server.polling is False
    settings.POLLING = True
    assert build_application().server.polling is True
