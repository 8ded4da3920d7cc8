"""What the load says: messages of one length, each of which tells who says it and their how manieth it is."""

from .faults import Fault

LENGTH = 60  # characters
FILLING = "a typical line of chat, no longer and no shorter"


def body(sender: int, count: int) -> str:
    """The `count`th message of `sender`."""
    return f"s{sender}n{count} {FILLING}"[:LENGTH].ljust(LENGTH, ".")


def said(packet: bytes) -> tuple[int, int]:
    """Who said the message in `packet`, and their how manieth it is. Raises Fault."""
    start = packet.find(b'"body":"') + 8
    sender, mark, count = packet[start + 1 : packet.find(b" ", start)].partition(b"n")
    if start < 8 or not (mark and sender.isdigit() and count.isdigit()):
        raise Fault(f"No message of the load's in {packet[:200]!r}.")
    return int(sender), int(count)


def post(room: int, sender: int, count: int) -> bytes:
    """The payload of `post_message`; its `client_id` is as unique as the message."""
    client_id = f"{sender:08x}-0000-4000-8000-{count:012x}"
    return b'{"room":%d,"client_id":"%b","body":"%b"}' % (
        room,
        client_id.encode(),
        body(sender, count).encode(),
    )
