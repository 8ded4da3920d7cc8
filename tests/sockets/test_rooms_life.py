"""What a namespace is told of its rooms: made, joined, left, gone; in exact order."""

from chatproject.sockets import publish

from .support import Echo, socket_of


class Listening(Echo):
    """Notes what it is told; sockets are named by what they gave as `auth`."""

    def __init__(self, namespace):
        super().__init__(namespace)
        self.told = []

    async def on_disconnect(self, socket, reason):
        self.told.append(("disconnecting", socket.auth["name"], tuple(socket.rooms)))

    def room_created(self, room):
        self.told.append(("created", room))

    def room_joined(self, socket, room):
        self.told.append(("joined", socket.auth["name"], room))

    def room_left(self, socket, room):
        self.told.append(("left", socket.auth["name"], room))

    def room_deleted(self, room):
        self.told.append(("deleted", room))

    def taken(self):
        told, self.told = self.told, []
        return told


async def listened(stage, kind=Listening, clients=("ann", "bob")):
    """The namespace, the server, and the sockets of some clients."""
    namespace = kind("/")
    app = await stage.serve(namespace, Echo("/other"))
    entries = [await stage.enter(app, auth={"name": name}) for name in clients]
    return namespace, app, [socket_of(app, entry) for entry in entries], entries


async def test_a_room_is_made_by_its_first_socket_and_gone_with_its_last(stage):
    namespace, app, (ann, bob), _ = await listened(stage)
    assert namespace.taken() == []
    app.server.enter(ann, "hall")
    assert namespace.taken() == [("created", "hall"), ("joined", "ann", "hall")]
    app.server.enter(bob, "hall")
    assert namespace.taken() == [("joined", "bob", "hall")]
    app.server.exit(ann, "hall")
    assert namespace.taken() == [("left", "ann", "hall")]
    app.server.exit(bob, "hall")
    assert namespace.taken() == [("left", "bob", "hall"), ("deleted", "hall")]


async def test_nothing_is_told_of_what_changes_nothing(stage):
    namespace, app, (ann, bob), _ = await listened(stage)
    app.server.enter(ann, "hall")
    namespace.taken()
    app.server.enter(ann, "hall")
    app.server.exit(bob, "hall")
    app.server.exit(ann, "nowhere")
    assert namespace.taken() == []


async def test_the_room_that_every_socket_has_of_its_own_is_not_told_of(stage):
    namespace, app, (ann, _), entries = await listened(stage)
    app.server.of("/").to(ann.sid).emit("news", {})
    assert await entries[0].received("news") == [{}]
    await entries[0].connection.close()
    assert namespace.taken() == [("disconnecting", "ann", ())]


async def test_who_disconnects_leaves_its_rooms_which_its_namespace_can_still_read(stage):
    namespace, app, (ann, bob), entries = await listened(stage)
    app.server.enter(ann, "hall", "attic")
    app.server.enter(bob, "hall")
    namespace.taken()
    await entries[0].connection.close()
    told = namespace.taken()
    assert sorted(told) == [
        ("deleted", "attic"),
        ("disconnecting", "ann", ("attic", "hall")),
        ("left", "ann", "attic"),
        ("left", "ann", "hall"),
    ]
    assert told.index(("left", "ann", "attic")) < told.index(("deleted", "attic"))
    assert app.server.rooms_in("/") == ["hall"]
    app.server.enter(ann, "hall")  # too late
    assert namespace.taken() == []


async def test_rooms_that_a_middleware_gives_are_told_of_when_the_socket_has_entered(stage):
    async def give(socket):
        socket.own_rooms.append("hall")

    class Given(Listening):
        middlewares = [give]

        async def on_connect(self, socket):
            self.told.append(("connected", socket.auth["name"]))

    namespace, *_ = await listened(stage, Given, ["ann"])
    assert namespace.taken() == [("created", "hall"), ("joined", "ann", "hall"), ("connected", "ann")]


async def test_what_is_published_moves_sockets_and_is_told_of(stage):
    namespace, app, (ann, bob), entries = await listened(stage)
    app.server.enter(ann, "hall")
    app.server.enter(bob, "hall")
    namespace.taken()
    publish("moved", to="hall", join="attic", leave="hall")
    await entries[0].receive("moved")
    await entries[0].call("echo", {"text": "after that"})
    assert namespace.taken() == [
        ("created", "attic"),
        ("joined", "ann", "attic"),
        ("joined", "bob", "attic"),
        ("left", "ann", "hall"),
        ("left", "bob", "hall"),
        ("deleted", "hall"),
    ]


async def test_each_namespace_is_told_of_its_own_rooms_only(stage):
    namespace, app, (ann, _), _ = await listened(stage)
    other = socket_of(app, await stage.enter(app, "/other"))
    app.server.enter(other, "hall")
    assert namespace.taken() == []
    app.server.enter(ann, "hall")
    assert namespace.taken() == [("created", "hall"), ("joined", "ann", "hall")]


async def test_a_listener_sees_the_room_as_it_is_then(stage):
    class Looking(Listening):
        def room_joined(self, socket, room):
            self.told.append([found.auth["name"] for found in self.server.of("/").to(room).fetch_sockets()])

        def room_left(self, socket, room):
            self.room_joined(socket, room)

    namespace, app, (ann, bob), _ = await listened(stage, Looking)
    app.server.enter(ann, "hall")
    app.server.enter(bob, "hall")
    app.server.exit(ann, "hall")
    assert namespace.taken() == [("created", "hall"), ["ann"], ["ann", "bob"], ["bob"]]


async def test_a_listener_that_moves_sockets_itself_is_told_in_the_order_of_what_happened(stage):
    class Moving(Listening):
        def room_created(self, room):
            super().room_created(room)
            for socket in self.server.of("/").to(room).fetch_sockets() if room == "hall" else []:
                self.server.enter(socket, "attic")
                self.server.exit(socket, "hall")

    namespace, app, (ann, _), _ = await listened(stage, Moving)
    app.server.enter(ann, "hall", "cellar")
    assert namespace.taken() == [
        ("created", "hall"),
        ("joined", "ann", "hall"),
        ("created", "attic"),
        ("joined", "ann", "attic"),
        ("left", "ann", "hall"),
        ("deleted", "hall"),
        ("created", "cellar"),
        ("joined", "ann", "cellar"),
    ]
    assert ann.rooms == ["attic", "cellar"]


async def test_a_listener_that_fails_is_logged_and_harms_nobody(stage, log):
    class Failing(Listening):
        def room_joined(self, socket, room):
            raise RuntimeError("on purpose")

        room_left = room_joined

    namespace, app, (ann, bob), entries = await listened(stage, Failing)
    app.server.enter(ann, "hall", "attic")
    app.server.enter(bob, "hall")
    assert ann.rooms == ["attic", "hall"]
    assert len(log.faults()) == 3
    app.server.of("/").to("hall").emit("news", {})
    assert [await entry.received("news") for entry in entries] == [[{}], [{}]]
    await entries[0].connection.close()
    assert len(log.faults()) == 2
    told = [event for event in namespace.taken() if event[0] != "disconnecting"]
    assert told == [("created", "hall"), ("created", "attic"), ("deleted", "attic")]
    app.server.exit(bob, "hall")
    assert namespace.taken() == [("deleted", "hall")]
    assert len(log.faults()) == 1
