"""The order of packets, against a model: each client gets exactly what was sent to it, exactly in that order.

The model notes, at the moment when something is done, who has to be told of it. Everything that a connection
carries counts as one sequence: broadcasts of both namespaces, acks, questions, entering and leaving.
"""

import asyncio
import json
import logging

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    multiple,
    rule,
    run_state_machine_as_test,
)

from chatproject.sockets import publish
from chatproject.sockets.asgi import Application
from chatproject.sockets.line import TICK
from chatproject.sockets.namespace import Namespace, Payload
from chatproject.sockets.server import Server
from chatproject.sockets.socket import Socket
from chatproject.sockets.targets import Target

from .carriers import CARRIERS
from .support import JOURNAL, Wire, left_over, page

NAMESPACES = ["/", "/other"]
ROOMS = ["hall", "attic", "cellar"]
CLIENTS = 6  # connections at a time
PATIENCE = 400  # ticks until everything has to have arrived

rooms = st.lists(st.sampled_from(ROOMS), max_size=3, unique=True)
namespaces = st.sampled_from(NAMESPACES)
turns = st.integers(0, 4)

Person = tuple[str, list[str], list[str]]  # what carries them, the namespaces they enter, the rooms they join
people = st.tuples(
    st.sampled_from(list(CARRIERS)), st.lists(namespaces, unique=True, min_size=1).map(sorted), rooms
)


class Act(Payload):
    """What a client asks its handler to do: `verb` with these rooms."""

    verb: str
    to: list[str]
    but: list[str]
    client: int
    ack: int | None


class Client:
    """One connection: what it got, and what it has to get."""

    def __init__(self, number: int, wire: Wire) -> None:
        self.number = number
        self.wire = wire
        self.expected: list[str] = []
        self.sockets: dict[str, Socket] = {}
        self.rooms: dict[str, set[str]] = {}  # namespace -> those its socket is in
        self.last_ack = 0
        self.is_closed = False

    @property
    def got(self) -> list[str]:
        return self.wire.frames[1:]  # the first one opens the connection

    def expect(self, kind: str, namespace: str, content: str, ack: int | str = "") -> None:
        self.expected.append(f"{kind}{'' if namespace == '/' else f'{namespace},'}{ack}{content}")


class Talk(Namespace):
    """Does what it is told, and says so to the model."""

    model: "Order"

    async def on_connect(self, socket: Socket) -> None:
        client = self.model.clients[socket.auth["client"]]
        client.sockets[self.namespace] = socket
        client.rooms[self.namespace] = set()
        client.expect("40", self.namespace, f'{{"sid":"{socket.sid}"}}')

    async def on_disconnect(self, socket: Socket, reason: str) -> None:
        client = self.model.clients[socket.auth["client"]]
        del client.sockets[self.namespace], client.rooms[self.namespace]
        if reason == "server disconnect" and not socket.line.closing:
            client.expect("41", self.namespace, "")

    async def on_act(self, socket: Socket, payload: Act) -> dict[str, int]:
        self.model.act(payload.verb, self.namespace, payload.to, payload.but, socket)
        if payload.ack is not None:
            answer = f'[{{"ok":true,"data":{{"done":{self.model.done}}}}}]'
            self.model.clients[payload.client].expect("43", self.namespace, answer, payload.ack)
        return {"done": self.model.done}


class Order(RuleBasedStateMachine):
    """Clients that come and go, say and do things, and read slowly; and a server that talks to them."""

    clients_there = Bundle("clients_there")

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.clients: dict[int, Client] = {}
        self.done = 0
        self.marks: set[tuple[int, str]] = set()

    @initialize(target=clients_there, those=st.lists(people, min_size=2, max_size=4))
    def serve(self, those: list[Person]):
        handlers = [Talk(namespace) for namespace in NAMESPACES]
        for handler in handlers:
            handler.model = self
        self.application = Application(Server(handlers, polling=True), page)
        self.server = self.application.server
        self.loop.run_until_complete(self.application.start())
        return multiple(*[self._come(*person) for person in those])

    # --- Connections ----------------------------------------------------------------------------
    @rule(target=clients_there, person=people)
    def come(self, person: Person):
        if sum(not client.is_closed for client in self.clients.values()) >= CLIENTS:
            return multiple()
        return self._come(*person)

    def _come(self, carrier: str, enters: list[str], joins: list[str]) -> Client:
        client = self.loop.run_until_complete(self._open(CARRIERS[carrier][0]))
        for namespace in enters:
            self.enter(client, namespace)
            self.ask(client, namespace, "join", joins, [], wants_ack=True)
        return client

    async def _open(self, kind: type[Wire]) -> Client:
        client = Client(len(self.clients), kind(self.application))
        self.clients[client.number] = client
        await client.wire.__aenter__()
        return client

    @rule(client=clients_there, namespace=namespaces)
    def enter(self, client: Client, namespace: str) -> None:
        if namespace in client.sockets:
            return  # it would be refused; the model need not know how
        client.wire.send_text(f"40{namespace},{json.dumps({'client': client.number})}")
        self._until(lambda: namespace in client.sockets)

    @rule(client=clients_there, namespace=namespaces)
    def leave(self, client: Client, namespace: str) -> None:
        client.wire.send_text(f"41{namespace},")
        self._until(lambda: namespace not in client.sockets)

    @rule(client=consumes(clients_there))
    def go(self, client: Client) -> None:
        client.is_closed = True
        self.loop.run_until_complete(client.wire.close())

    @rule(client=consumes(clients_there))
    def send_away(self, client: Client) -> None:
        """What was said before still arrives, and nothing after."""
        if not client.sockets:
            self.go(client)
            return
        client.is_closed = True

        async def drop() -> list[str]:
            self.server.drop(next(iter(client.sockets.values())).line)
            return list(client.expected)

        expected = self.loop.run_until_complete(drop())
        client.wire.gate.set()
        self._until(client.wire.closed.done)
        assert client.got == expected
        self.loop.run_until_complete(client.wire.close())

    @rule(client=clients_there)
    def stop_reading(self, client: Client) -> None:
        client.wire.gate.clear()

    @rule(client=clients_there)
    def read_on(self, client: Client) -> None:
        client.wire.gate.set()

    # --- What is done, by clients and by the server ----------------------------------------------
    @rule(
        client=clients_there,
        namespace=namespaces,
        verb=st.sampled_from(["say", "say_to_others", "join", "leave", "question"]),
        to=rooms,
        but=rooms,
        wants_ack=st.booleans(),
    )
    def ask(
        self, client: Client, namespace: str, verb: str, to: list[str], but: list[str], *, wants_ack: bool
    ) -> None:
        """A client sends an event; it is handled whenever the loop comes to it."""
        if namespace not in client.sockets:
            return
        client.last_ack += wants_ack
        ack = client.last_ack if wants_ack else None
        content = {"verb": verb, "to": to, "but": but, "client": client.number, "ack": ack}
        client.wire.send_text(f"42{namespace},{ack or ''}{json.dumps(['act', content])}")

    @rule(
        namespace=namespaces,
        verb=st.sampled_from(["say", "say_to_all", "join", "leave", "question", "publish"]),
        to=rooms,
        but=rooms,
        times=st.integers(1, 5),
    )
    def tell(self, namespace: str, verb: str, to: list[str], but: list[str], times: int) -> None:
        """The server does something of its own accord."""

        async def act() -> None:
            for _ in range(times):
                self.act(verb, namespace, to, but, None)

        self.loop.run_until_complete(act())

    @rule(client=clients_there, namespace=namespaces)
    def disconnect(self, client: Client, namespace: str) -> None:
        """The server sends one socket out of its namespace; the connection stays."""
        if socket := client.sockets.get(namespace):
            self.loop.run_until_complete(self.server.disconnect(socket.sid, namespace))

    @rule(count=turns)
    def pass_turns(self, count: int) -> None:
        """Lets the loop go on for a few turns, which is less than anything needs."""

        async def turn() -> None:
            for _ in range(count):
                await asyncio.sleep(0)

        self.loop.run_until_complete(turn())

    @rule()
    def pass_a_tick(self) -> None:
        self.loop.run_until_complete(asyncio.sleep(TICK))

    def act(self, verb: str, namespace: str, to: list[str], but: list[str], sender: Socket | None) -> None:
        """Does one thing, and notes who has to be told."""
        self.done += 1
        getattr(self, f"_{verb}")(namespace, to, but, sender)

    def _say(self, namespace, to, but, sender) -> None:
        self.server.of(namespace).to(*to).except_(*but).emit("said", {"number": self.done})
        self._told(self._named(namespace, to, but), namespace, self.done)

    def _say_to_others(self, namespace, to, but, sender) -> None:
        self.server.of(namespace).to(*to).except_(*but).but(sender).emit("said", {"number": self.done})
        self._told(self._named(namespace, to, but, sender), namespace, self.done)

    def _say_to_all(self, namespace, to, but, sender) -> None:
        self.server.of(namespace).emit("said", {"number": self.done})
        self._told(self._named(namespace, None, []), namespace, self.done)

    def _publish(self, namespace, to, but, sender) -> None:
        number = self.done
        self.server.submit(lambda: self._told(self._named(namespace, to, but), namespace, number))
        publish("said", {"number": number}, to=to, except_=but, namespace=namespace)

    def _question(self, namespace, to, but, sender) -> None:
        data = {"number": self.done}
        for socket in self.server.of(namespace).to(*to).except_(*but).fetch_sockets():
            ack_id = self.server.deliver_for_ack(socket, "asked", data, lambda *answer: None)
            client = self.clients[socket.auth["client"]]
            client.expect("42", namespace, f'["asked",{{"number":{self.done}}}]', ack_id)

    def _join(self, namespace, to, but, sender) -> None:
        """The sender, or all that are in one of `but`, join the rooms `to`."""
        self._movers(namespace, but, sender).join(*to)
        for client in self._moved(namespace, but, sender):
            client.rooms[namespace] |= set(to)

    def _leave(self, namespace, to, but, sender) -> None:
        """The sender, or all that are in one of `but`, leave the rooms `to`."""
        self._movers(namespace, but, sender).leave(*to)
        for client in self._moved(namespace, but, sender):
            client.rooms[namespace] -= set(to)

    def _mark(self, namespace, to, but, sender) -> None:
        self.marks.add((sender.auth["client"], namespace))

    def _movers(self, namespace: str, those: list[str], sender: Socket | None) -> Target:
        return self.server.of(namespace).to(*([sender.sid] if sender else those))

    def _moved(self, namespace: str, those: list[str], sender: Socket | None) -> list[Client]:
        return [self.clients[sender.auth["client"]]] if sender else self._named(namespace, those, [])

    def _named(
        self, namespace: str, to: list[str] | None, but: list[str], sender: Socket | None = None
    ) -> list[Client]:
        """Who is meant, by the model's own books."""
        return [
            client
            for client in self.clients.values()
            if namespace in client.rooms
            and (to is None or client.rooms[namespace] & set(to))
            and not client.rooms[namespace] & set(but)
            and (sender is None or client.sockets[namespace] is not sender)
        ]

    def _told(self, clients: list[Client], namespace: str, number: int) -> None:
        for client in clients:
            client.expect("42", namespace, f'["said",{{"number":{number}}}]')

    # --- In the end -----------------------------------------------------------------------------
    def _until(self, is_so) -> None:
        async def wait() -> None:
            for _ in range(PATIENCE):
                if is_so():
                    return
                await asyncio.sleep(TICK / 10)
            raise AssertionError("it never came")

        self.loop.run_until_complete(wait())

    def teardown(self) -> None:
        try:
            if self.clients:
                self._compare()
            self.loop.run_until_complete(self.application.stop())
        finally:
            self.loop.run_until_complete(self.loop.shutdown_asyncgens())
            self.loop.close()

    def _compare(self) -> None:
        staying = [client for client in self.clients.values() if not client.is_closed]
        marks = {(client.number, namespace) for client in staying for namespace in client.sockets}
        for client in staying:
            client.wire.gate.set()
            for namespace in client.sockets:
                self.ask(client, namespace, "mark", [], [], wants_ack=True)
        # Each client's own mark is handled last, and answered after all that was caused by anybody before it.
        self._until(lambda: self.marks == marks)
        self._until(lambda: all(len(client.got) >= len(client.expected) for client in staying))
        self.pass_a_tick()
        for client in self.clients.values():
            if client.is_closed:
                assert client.got == client.expected[: len(client.got)]
            else:
                assert client.got == client.expected
                self.loop.run_until_complete(client.wire.close())
        self._until(lambda: left_over(self.server) == {})


def test_every_client_gets_what_it_has_to_get_in_that_order(caplog):
    caplog.set_level(logging.WARNING, JOURNAL)  # thousands of lines, which nobody reads here
    run_state_machine_as_test(
        Order,
        settings=settings(
            max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
