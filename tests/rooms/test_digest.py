"""Much of what happens, in few words."""

from rooms.events.digest import MOST_LINES, digest_of


def told(kind="joined", user=1, room=1, at=0, detail=""):
    return {
        "at": at,
        "kind": kind,
        "user": {"id": user, "name": str(user)},
        "room": {"id": room, "name": str(room)} if room else None,
        "detail": detail,
    }


def test_one_of_a_kind_stays_as_it_is():
    assert digest_of([told(), told("left")]) == [told(), told("left")]


def test_those_of_one_kind_and_room_become_one_with_their_number():
    assert digest_of([told(at=1), told(room=2, at=2), told(at=3)]) == [
        {**told(at=3), "count": 2},
        told(room=2, at=2),
    ]


def test_what_differs_is_left_out():
    [line] = digest_of([told(detail="#1"), told(user=2, detail="#2")])
    assert line == {**told(), "user": None, "count": 2}


def test_too_many_rooms_become_one_line_for_each_kind():
    many = [told(room=number) for number in range(1, MOST_LINES + 2)] + [told("left", room=1)]
    lines = digest_of(many)
    assert [(line["kind"], line["room"], line.get("count")) for line in lines] == [
        ("joined", None, MOST_LINES + 1),
        ("left", {"id": 1, "name": "1"}, None),
    ]


def test_what_is_told_of_no_room_stays_apart():
    assert len(digest_of([told(room=None), told(room=1), told(room=None)])) == 2
