"""People and a conversation to look at: what the pictures show."""

import datetime
import uuid

from django.utils import timezone

from accounts.models import User
from rooms.models import Membership, Message, Room
from rooms.operations import changing, memberships, messages, rooms
from tests.support.people import person
from tests.support.server import OWNER

NAMES = {
    "amara": "Amara Okafor",
    "jonas": "Jonas Weber",
    "mei": "Mei Lin",
    "priya": "Priya Raman",
    "tomas": "Tomás Herrera",
    "noor": "Noor Haddad",
}
# Room, minutes after nine, who, what. Negative minutes are the day before.
SAID = [
    ("Lobby", -1400, "tomas", "The keys are back in the box by the door."),
    ("Lobby", -1390, "tomas", "Somebody left a blue umbrella, too ☂️"),
    ("Garden plan", -1200, "mei", "The seedlings came through the cold night. All but two of the peppers."),
    ("Garden plan", -1190, "noor", "Poor peppers 🌶️"),
    ("Garden plan", 12, "priya", "Good morning! Who comes on Saturday?"),
    ("Garden plan", 13, "amara", "I do, from ten on. I bring the **big** ladder and coffee ☕"),
    ("Garden plan", 14, "amara", "And two crates from the market, if somebody helps to carry them."),
    ("Garden plan", 21, "noor", "Count me in for carrying."),
    (
        "Garden plan",
        43,
        "mei",
        "So this is the plan:\n\n1. turn the compost\n2. beans *south*\n3. mend the gate",
    ),
    ("Garden plan", 45, "mei", "How deep beans want to be: https://en.wikipedia.org/wiki/Phaseolus_vulgaris"),
    ("Garden plan", 52, OWNER, "Three centimetres. I wrote it on the shed last year, where it still is."),
    ("Garden plan", 53, OWNER, "🫘🫘🫘"),
    ("Garden plan", 67, "priya", "The gate needs a hinge of 80 mm, I get one on the way."),
    ("Board", 30, "tomas", "The minutes are ready."),
    ("Board", 31, "priya", "Thank you! I read them tonight."),
    ("Lobby", 62, "jonas", "Good morning"),
    ("Lobby", 63, "jonas", "Is the workshop free at noon?"),
    ("Lobby", 64, "jonas", "I found the hinge box"),
]

# What, who put which emoji to it.
REACTED = [
    ("big** ladder", "👍", ["priya", "mei", OWNER]),
    ("big** ladder", "☕", ["noor", "priya"]),
    ("Count me in", "💪", ["amara"]),
    ("this is the plan", "🌱", ["priya", "amara", OWNER]),
]


def talk() -> None:
    """Makes the people, their rooms and what they said; olivia has not yet read everything."""
    people = _people()
    _rooms(people)
    nine = timezone.now().replace(hour=9, minute=0, second=0, microsecond=0)
    for name, minutes, username, body in SAID:
        room = Room.objects.get(name=name)
        message = messages.post_message(
            person=people[username], room=room.pk, client_id=uuid.uuid4(), body=body
        )
        when = nine + datetime.timedelta(minutes=minutes)
        Message.objects.filter(pk=message.pk).update(created_at=when)
    for text, emoji, usernames in REACTED:
        message = Message.objects.get(body__contains=text)
        for username in usernames:
            changing.react(person=people[username], message=message.pk, emoji=emoji, on=True)
    Membership.objects.filter(user=people[OWNER], room__name="Garden plan").update(last_read=11)


def _people() -> dict[str, User]:
    people = {OWNER: User.objects.get(username=OWNER)}
    people[OWNER].display_name = "Olivia Brandt"
    people[OWNER].save()
    for username, name in NAMES.items():
        people[username] = person(username, display_name=name)
        memberships.join_rooms_for_everyone(person=people[username])
    return people


def _rooms(people: dict[str, User]) -> None:
    def room(name: str, *members: str, kind: str = "public", topic: str = "") -> None:
        users = [people[member].pk for member in members]
        rooms.create_room(person=people[OWNER], name=name, kind=kind, topic=topic, users=users)

    room("Garden plan", "amara", "mei", "priya", "noor", topic="What grows where, and who waters it")
    room("Music", "jonas")
    room("Board", "tomas", "priya", kind="private")
    room("Repair café", *NAMES)
