"""Many people with real JavaScript clients, in one process of Node; see clients.mjs."""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.faults.journal import Journal
from tests.support.server import ROOT, Cookies

SCRIPT = Path(__file__).with_suffix(".mjs")
TIMEOUT = 20  # seconds for anything awaited, unless a test says otherwise
GRACE = 10  # seconds more that Node has to say that something took too long


class Clients:
    """The process; people are known by name. What takes longer than its `timeout` (seconds) is an error."""

    def __enter__(self) -> Self:
        node = shutil.which("node")
        assert node
        self._process = subprocess.Popen(
            [node, str(SCRIPT)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._ids = itertools.count()
        self._waiting: dict[int, Future[Any]] = {}
        self._lock = threading.Lock()
        self._reader = threading.Thread(target=self._read, name="clients", daemon=True)
        self._reader.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        try:
            self._process.wait(GRACE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join()
        self._process.stdout.close()

    # --- People -----------------------------------------------------------------------------------

    def open(self, url: str, people: Mapping[str, Cookies], **options: Any) -> dict[str, dict[str, Any]]:
        """Connects people, by name; who each is, once all have caught up."""
        users: dict[str, dict[str, Any]] = self.begin_open(url, people, **options).result()
        return users

    def begin_open(self, url: str, people: Mapping[str, Cookies], **options: Any) -> Future[Any]:
        """The same, without waiting for them."""
        joining = [{"name": name, "url": url, "cookies": people[name], **options} for name in people]
        return self.begin("open", people=joining)

    def command(self, name: str, event: str, /, **payload: Any) -> Any:
        """The data of a command that has to succeed."""
        answer = self.ask("command", name=name, event=event, payload=payload)
        assert "data" in answer, f"{event}: {answer}"
        return answer["data"]

    def refused(self, name: str, event: str, /, **payload: Any) -> str:
        """The code of a command that has to be refused."""
        answer = self.ask("command", name=name, event=event, payload=payload)
        assert "refused" in answer, f"{event}: {answer}"
        return str(answer["refused"]["code"])

    def new_room(self, owner: str, name: str, members: Iterable[dict[str, Any]] = (), **fields: Any) -> int:
        """The id of a room that these people belong to, and nobody watches yet."""
        users = [user["id"] for user in members]
        return int(self.command(owner, "create_room", name=name, users=users, **fields)["room"]["id"])

    def journals(self, names: Iterable[str] | None = None) -> dict[str, Journal]:
        """What each has been acked and shown."""
        found = self.ask("journals", names=list(names) if names else None)
        return {name: Journal(**journal) for name, journal in found.items()}

    def close(self, names: Iterable[str] | None = None) -> None:
        """Forgets people: all, or these."""
        self.ask("close", names=list(names) if names else None)

    # --- The process ------------------------------------------------------------------------------

    def ask(self, verb: str, *, timeout: float = TIMEOUT, **asked: Any) -> Any:
        """What comes of a verb of clients.mjs. Raises AssertionError when that says no."""
        return self.begin(verb, timeout=timeout, **asked).result(timeout + GRACE)

    def begin(self, verb: str, *, timeout: float = TIMEOUT, **asked: Any) -> Future[Any]:
        """Asks without waiting for what comes of it."""
        answer: Future[Any] = Future()
        with self._lock:
            number = next(self._ids)
            self._waiting[number] = answer
            assert self._process.stdin
            line = json.dumps({"id": number, "verb": verb, "timeout": timeout, **asked})
            self._process.stdin.write(f"{line}\n")
            self._process.stdin.flush()
        return answer

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            said = json.loads(line)
            answer = self._waiting.pop(said["id"])
            if "error" in said:
                answer.set_exception(AssertionError(said["error"]))
            else:
                answer.set_result(said["value"])
        for answer in self._waiting.values():
            answer.set_exception(AssertionError("Node has ended"))
