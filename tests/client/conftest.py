"""What the tests in Node ask of the server's side: people, restarts, a count of connections."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from uuid import uuid4

import pytest

from tests.conftest import NewServer
from tests.support import machine
from tests.support.server import Cookies, Server

ESTABLISHED = "01"  # in /proc/net/tcp


class Control:
    """The verbs of the control server: each is a method with text arguments and an answer for JSON."""

    def __init__(self, served: Server) -> None:
        self.served = served

    def owner(self) -> Cookies:
        return self.served.sign_in("olivia")

    def sign_up(self, name: str) -> Cookies:
        return self.served.sign_up(name)

    def guest(self, name: str) -> Cookies:
        return self.served.guest(name)

    def kill(self) -> None:
        self.served.kill()

    def stop(self) -> float:
        return self.served.stop()

    def start(self) -> None:
        self.served.start()

    def log(self) -> str:
        return self.served.log()

    def connections(self) -> int:
        """How many TCP connections to the server are open."""
        rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        port = f":{self.served.port:04X}"
        return sum(row[1].endswith(port) and row[3] == ESTABLISHED for row in rows)


@pytest.fixture(scope="module")
def playgrounds(new_server: NewServer) -> Iterator[tuple[Server, Server]]:
    """Two servers of rooms and namespaces, without the product; where there is Redis, they share it."""
    settings = {"DJANGO_SETTINGS_MODULE": "tests.client.playground_settings"}
    if not machine.missing("redis"):
        settings |= {"PLAYGROUND_REDIS": machine.REDIS_URL, "PLAYGROUND_CHANNEL": f"playground-{uuid4()}"}
    with new_server(**settings) as one, new_server(**settings) as other:
        yield one, other


@pytest.fixture(scope="module")
def control(served: Server) -> Iterator[str]:
    """The address where POST /<verb> with a JSON list of arguments calls Control."""
    verbs = Control(served)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            arguments = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            try:
                answer = {"value": getattr(verbs, self.path.strip("/"))(*arguments)}
            except Exception as error:  # whatever it is, the test in Node shows it
                answer = {"error": repr(error)}
            body = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
