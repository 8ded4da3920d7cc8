"""The Socket.IO rooms of the conversation; nobody else puts their names together."""

EVERYBODY = "everybody"  # in `/`: all who have entered
GUESTS = "guests"  # in `/`: those of them who have no account
STAFF = "staff"  # in `/admin`: all who may see the console
STAFF_OF_PRIVATE_ROOMS = "staff:private"  # in `/admin`: those of them who may see private rooms
MODERATORS = "staff:moderators"  # in `/admin`: those of them who moderate


def network_of(network: str) -> str:
    """In `/`: sockets of guests who come from a network."""
    return f"network:{network}"


def members_of(room_id: int) -> str:
    """Sockets of the people who belong to a room."""
    return f"room:{room_id}"


def readers_of(room_id: int) -> str:
    """Sockets of signed-in people who have a public room open without belonging to it."""
    return f"reading:{room_id}"


def guests_of(room_id: int) -> str:
    """Sockets of guests who have a room open."""
    return f"guests:{room_id}"


def watchers_of(room_id: int) -> str:
    """In `/admin`: sockets of the staff who read a room live without being in it."""
    return f"watching:{room_id}"


def is_watched(channel: str) -> bool:
    """Whether it is one of those that staff read a room by."""
    return channel.startswith("watching:")


def is_shared(channel: str) -> bool:
    """Whether others are in it: whether it belongs to a room, and not to one person."""
    return channel.startswith(("room:", "reading:", "guests:"))


def room_id(channel: str) -> int:
    """The room that a shared or a watched channel belongs to."""
    return int(channel.rpartition(":")[2])


def everybody_in(room_id: int) -> tuple[str, str, str]:
    """All that hear what is said in a room."""
    return members_of(room_id), readers_of(room_id), guests_of(room_id)
