"""What the commands of both namespaces carry."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BeforeValidator, Field, PlainValidator

from chatproject.sockets.namespace import Payload

BIGGEST_ID = 2**63 - 1  # of the database's integers
SLUG_LENGTH = 80  # code points
CURSOR_LENGTH = 1_000  # code points: the longest holds a name, which gets longer when it is folded
USERS_AT_ONCE = 100
ROOMS_AT_ONCE = 1_000
PAGE = 50


def _from_key(key: Any) -> Any:
    # JSON's keys are strings; anything but an id's plain digits is left to be refused as it is.
    plain = isinstance(key, str) and key.isascii() and key.isdecimal() and len(key) < 20
    return int(key) if plain else key


def _uuid(text: Any) -> UUID:
    try:
        return UUID(text)
    except (ValueError, TypeError, AttributeError):
        raise ValueError("A UUID is expected.") from None


def _room_key(value: Any) -> int | str:
    # One sentence for the one field, where a union would name each of its sides.
    if type(value) is int and 1 <= value <= BIGGEST_ID:
        return value
    if isinstance(value, str) and 1 <= len(value) <= SLUG_LENGTH:
        return value
    raise ValueError("A room's id or slug is expected.")


def _moment(text: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        pass
    raise ValueError("A time with its zone is expected, such as 2026-03-01T09:30:00Z.")


Id = Annotated[int, Field(ge=1, le=BIGGEST_ID)]
IdKey = Annotated[Id, BeforeValidator(_from_key)]
Seq = Annotated[int, Field(ge=0, le=BIGGEST_ID)]
ClientId = Annotated[UUID, BeforeValidator(_uuid)]
RoomKey = Annotated[int | str, PlainValidator(_room_key)]
Query = Annotated[str, Field(max_length=100)]
Cursor = Annotated[str, Field(max_length=CURSOR_LENGTH)]
Moment = Annotated[datetime, PlainValidator(_moment)]
Users = Annotated[list[Id], Field(max_length=USERS_AT_ONCE)]


class Nothing(Payload):
    """A command without a payload."""


class Sync(Payload):
    rooms: Annotated[dict[IdKey, Seq], Field(max_length=ROOMS_AT_ONCE)] = {}


class OneRoom(Payload):
    room: RoomKey


class ReadHistory(OneRoom):
    before: Seq | None = None
    after: Seq | None = None
    around: Seq | None = None
    limit: Annotated[int, Field(ge=1)] = PAGE


class PostMessage(OneRoom):
    client_id: ClientId
    body: str
    reply_to: Id | None = None


class OneMessage(Payload):
    message: Id


class EditMessage(OneMessage):
    body: str


class DeleteMessage(OneMessage):
    reason: str = ""


class DeleteMessages(OneRoom):
    user: Id
    since: Moment
    reason: str = ""


class UndoDeletion(Payload):
    deletion: Id


class React(OneMessage):
    emoji: str
    on: bool


class MarkRead(OneRoom):
    seq: Seq


class SetTyping(OneRoom):
    typing: bool


class CreateRoom(Payload):
    name: str
    kind: Literal["public", "private"] = "public"
    slug: str | None = None
    topic: str = ""
    guests_may_read: bool = False
    guests_may_post: bool = False
    users: Users = []


class UpdateRoom(OneRoom):
    name: str | None = None
    topic: str | None = None
    guests_may_read: bool | None = None
    guests_may_post: bool | None = None
    read_only: bool | None = None
    archived: bool | None = None
    slow_mode: int | None = None


class AddMembers(OneRoom):
    users: Users


class RemoveMember(OneRoom):
    user: Id
    reason: str = ""


class ChangeRole(OneRoom):
    user: Id
    role: Literal["owner", "moderator", "member"]


class StaffRemoveMember(OneRoom):
    user: Id
    reason: str


class StaffUpdateRoom(OneRoom):
    read_only: bool | None = None
    slow_mode: int | None = None


class ArchiveRoom(OneRoom):
    archived: bool


class ListSockets(Payload):
    user: Id | None = None
    sid: str | None = None
    cursor: Cursor | None = None


class ListRooms(Payload):
    query: Query = ""
    room: RoomKey | None = None
    cursor: Cursor | None = None


class ListPeople(Payload):
    query: Query = ""
    user: Id | None = None
    cursor: Cursor | None = None
    online: bool = True


class WatchRoom(OneRoom):
    on: bool


class Announce(Payload):
    text: str
    room: RoomKey | None = None
    as_message: bool = False


class DisconnectUser(Payload):
    user: Id
    sign_out: bool = False


class DisconnectSocket(Payload):
    sid: str


class ReportMessage(OneMessage):
    reason: str


class ListReports(Payload):
    open: bool = True
    cursor: Cursor | None = None


class OneReport(Payload):
    report: Id


class ResolveReport(OneReport):
    action: str
    reason: str
    until: Moment | None = None


class MuteUser(Payload):
    user: Id
    room: RoomKey | None = None
    until: Moment | None = None
    reason: str


class BanUser(MuteUser):
    addresses: bool = False


class SanctionInRoom(OneRoom):
    user: Id
    until: Moment | None = None
    reason: str


class BanGuest(Payload):
    sid: str
    until: Moment | None = None
    reason: str


class OneSanction(Payload):
    sanction: Id


class ListSanctions(Payload):
    user: Id | None = None
    active: bool = True
    cursor: Cursor | None = None
