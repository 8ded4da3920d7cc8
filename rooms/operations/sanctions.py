"""Mutes and bans, in one room or everywhere. Each ends by itself at its time, or is lifted.

Locks are taken in one order: the room, the person, the sanction, the head of the audit.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts import audit
from accounts import operations as accounts
from accounts.guests import Person
from accounts.models import User
from accounts.networks import is_known, networks_of
from chatproject.errors import Conflict, Invalid
from chatproject.texts import isolated
from rooms.events import publications
from rooms.models import Membership, Room, Sanction, SanctionNetwork, Stay
from rooms.models.restraint import longest
from rooms.operations.access import find_to_moderate
from rooms.operations.console import SEE
from rooms.operations.memberships import add_people, expel
from rooms.operations.scene import Scene, find_to_lift, scene_of
from rooms.operations.standing import BAN, MODERATE, require_permission
from rooms.operations.texts import checked_reason, checked_until

PAGE = 100  # sanctions in one answer


@transaction.atomic
def mute_user(
    *, by: Person | None, user: int, room: int | str | None = None, until: datetime | None = None, reason: str
) -> Sanction:
    """Keeps somebody from saying anything, in a room or everywhere, until some time; None: until lifted.

    Takes the place of a mute that holds there. Raises `Invalid`, `NotFound`, `Forbidden`.
    """
    reason, until = checked_reason(reason), checked_until(until)
    scene = scene_of(by, user, room, permission=MODERATE)
    sanction, before = _begin(Sanction.Kind.MUTE, scene, until, reason)
    publications.sanction_changed(sanction)
    _tell_of_mute(sanction)
    _record("mute_user", scene, sanction, before)
    return sanction


@transaction.atomic
def ban_user(
    *,
    by: Person | None,
    user: int,
    room: int | str | None = None,
    until: datetime | None = None,
    reason: str,
    addresses: bool = False,
) -> Sanction:
    """Keeps somebody out of a room, or out of the whole place, until some time; None: until lifted.

    Takes the place of a ban that holds there. With `addresses` nobody comes in as a guest or signs up from
    the networks of the person's sessions while it holds. Raises `Invalid`, `NotFound`, `Forbidden`.
    """
    reason, until = checked_reason(reason), checked_until(until)
    if addresses and room is not None:
        raise Invalid({"addresses": "Only a ban from the whole place keeps networks out."})
    scene = scene_of(by, user, room, permission=BAN)
    sanction, before = _begin(Sanction.Kind.BAN, scene, until, reason)
    publications.sanction_changed(sanction)
    if scene.room is not None:
        _show_out(scene.person, scene.room, sanction)
    else:
        _shut_out(sanction, networks_of(scene.person) if addresses else ())
        accounts.ban(user=scene.person, until=until, reason=reason)
    _record("ban_user", scene, sanction, before, addresses=addresses)
    return sanction


@transaction.atomic
def ban_guest(*, by: User, name: str, network: str, until: datetime | None = None, reason: str) -> Sanction:
    """Keeps guests and sign-ups from the network of a guest out until some time; None: until lifted.

    People who have an account come in from there all the same. Takes the place of a guest's ban that holds
    for the network. Raises `Invalid`, `Forbidden`.
    """
    reason, until = checked_reason(reason), checked_until(until)
    by = require_permission(by, BAN)
    if not is_known(network):
        raise Invalid({"sid": "The server does not see where this guest comes from."})
    held = Sanction.objects.active().bans().filter(user=None, networks__network=network)
    Sanction.objects.filter(pk__in=[ban.pk for ban in held]).update(lifted_at=timezone.now(), lifted_by=by)
    sanction = Sanction.objects.create(
        kind=Sanction.Kind.BAN, user_name=name, reason=reason, by=by, by_name=by.username, until=until
    )
    _shut_out(sanction, [network])
    publications.activity("ban_guest", person=by, detail=name)
    audit.record(
        "ban_guest", actor=by, target=sanction, after={**_state(sanction), "network": network}, reason=reason
    )
    return sanction


@transaction.atomic
def lift(*, by: Person | None, sanction: int) -> Sanction:
    """Ends a mute or a ban before its time.

    Raises `NotFound`, `Conflict` if it is over, and `Forbidden` and `Invalid` as setting it does.
    """
    actor, lifted = find_to_lift(by, sanction)
    if not lifted.is_active:
        raise Conflict("This is over already.")
    lifted.lifted_at, lifted.lifted_by = timezone.now(), actor
    lifted.save(update_fields=["lifted_at", "lifted_by"])
    publications.sanction_changed(lifted)
    _undo(lifted)
    publications.activity("lift", person=actor, room=lifted.room, detail=lifted.user_name)
    audit.record(
        "lift",
        actor=actor,
        target=lifted.user or lifted,
        room_id=lifted.room_id,
        before=_state(lifted),
        reason=lifted.reason,
    )
    return lifted


def list_sanctions(
    *, by: User, user: int | None = None, active: bool = True, cursor: int | None = None
) -> tuple[list[Sanction], int | None]:
    """The latest sanctions, of one person or of all, and the cursor of the next page; None at the end.

    None of private rooms that the staff person may not see. Raises `Forbidden`.
    """
    by = require_permission(by, SEE)
    seen = Q(room=None) | Q(room__in=Room.objects.for_staff(by))
    sanctions = Sanction.objects.in_full().filter(seen).order_by("-pk")
    if active:
        sanctions = sanctions.active()
    if user is not None:
        sanctions = sanctions.filter(user=user)
    if cursor is not None:
        sanctions = sanctions.filter(pk__lt=cursor)
    page = list(sanctions[: PAGE + 1])
    return page[:PAGE], page[PAGE - 1].pk if len(page) > PAGE else None


def list_sanctions_in(*, by: Person, room: int | str) -> list[Sanction]:
    """The latest that hold in a room, for who may moderate it. Raises `NotFound`, `Forbidden`."""
    _, place = find_to_moderate(by, room, lock=False)
    return list(Sanction.objects.in_full().active().filter(room=place.room)[:PAGE])


def is_shut_out(network: str) -> bool:
    """Whether nobody may come in from a network as a guest, or sign up."""
    bans = Sanction.objects.active().bans()
    return SanctionNetwork.objects.filter(network=network, sanction__in=bans).exists()


# --- What becomes of it -------------------------------------------------------------------------
def _begin(
    kind: Sanction.Kind, scene: Scene, until: datetime | None, reason: str
) -> tuple[Sanction, Sanction | None]:
    """A new sanction, and the one that it replaces."""
    by, person, room = scene
    now = timezone.now()
    before = Sanction.objects.active(now).filter(kind=kind, user=person, room=room).first()
    if before is not None:
        before.lifted_at, before.lifted_by = now, by
        before.save(update_fields=["lifted_at", "lifted_by"])
    sanction = Sanction.objects.create(
        kind=kind,
        user=person,
        user_name=person.username,
        room=room,
        reason=reason,
        by=by,
        by_name=by.username if by else "",
        created_at=now,
        until=until,
    )
    return sanction, before


def _tell_of_mute(sanction: Sanction) -> None:
    """Tells the person what they may do in the room now; of what holds everywhere they know already."""
    if sanction.room is None:
        return
    members = Membership.objects.filter(room=sanction.room, user=sanction.user)
    if membership := members.select_related("user").first():
        publications.member_changed(sanction.room, membership)


def _show_out(person: User, room: Room, sanction: Sanction) -> None:
    if not expel(room, person, end=Stay.End.BANNED):
        publications.shown_out(room, person)
    text = f"You were banned from {isolated(room.name)}."
    publications.warned(person, text, room=room, reason=sanction.reason)


def _shut_out(sanction: Sanction, networks: Iterable[str]) -> None:
    networks = sorted(networks)
    SanctionNetwork.objects.bulk_create(
        SanctionNetwork(sanction=sanction, network=network) for network in networks
    )
    if networks:
        publications.guests_shut_out(networks)


def _undo(lifted: Sanction) -> None:
    if lifted.kind == Sanction.Kind.MUTE:
        _tell_of_mute(lifted)
    elif lifted.user is None:
        return
    elif lifted.room is None:
        _let_in(lifted.user)
    elif lifted.room.everyone and lifted.user.is_active:
        add_people(lifted.room, [lifted.user.pk])


def _let_in(person: User) -> None:
    """As far as no other ban holds."""
    bans = Sanction.objects.active().bans().filter(user=person, room=None)
    if left := longest(bans):
        accounts.ban(user=person, until=left.until, reason=left.reason)
    else:
        accounts.lift_ban(user=person)


def _record(action: str, scene: Scene, sanction: Sanction, before: Sanction | None, **more: Any) -> None:
    by, person, room = scene
    publications.activity(action, person=by, room=room, detail=person.name)
    audit.record(
        action,
        actor=by,
        target=person,
        room_id=room.pk if room else None,
        before=_state(before) if before else None,
        after={**_state(sanction), **more},
        reason=sanction.reason,
    )


def _state(sanction: Sanction) -> dict[str, Any]:
    return {
        "sanction": sanction.pk,
        "kind": str(sanction.kind),
        "until": sanction.until.isoformat() if sanction.until else None,
    }
