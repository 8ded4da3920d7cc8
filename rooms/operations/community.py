"""The community: its founding, and how people come in."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from accounts import audit
from accounts import operations as accounts
from accounts.models import User
from chatproject.errors import Forbidden
from rooms.models import Community, Invitation, Room
from rooms.operations.memberships import join_rooms_for_everyone
from rooms.operations.rooms import change_room


class Openness(StrEnum):
    OPEN = "open"  # anybody signs up; guests read and post in the Lobby
    PRIVATE = "private"  # by invitation only, no guests


def needs_owner() -> bool:
    """Whether the first run is still to be answered. Once answered it never comes back."""
    return not Community.objects.filter(founded_at__isnull=False).exists() and not (
        User.objects.filter(is_superuser=True).exists()
    )


def found_community(*, username: str, password: str, openness: Openness) -> User:
    """Answers the first run: makes the owner, and opens or closes the community.

    Raises `Forbidden` if it was answered already, in the same moment by somebody else for one.
    """
    owner = accounts.prepared(username=username, password=password)
    with transaction.atomic():
        return _found(owner, openness)


def _found(owner: User, openness: Openness) -> User:
    Community.objects.current()
    community = Community.objects.select_for_update().get(pk=Community.ONLY)
    if not needs_owner():
        raise Forbidden("This community has an owner already.")
    accounts.create_owner(user=owner)
    community.founded_at = timezone.now()
    community.signup_open = openness is Openness.OPEN
    community.save()
    # All of them before the first is audited, lower ids first: whoever else locks several does the same.
    concerned = Room.objects.filter(Q(everyone=True) | Q(guests_may_read=True))
    rooms = list(concerned.select_for_update().order_by("pk"))
    join_rooms_for_everyone(person=owner)
    if openness is Openness.PRIVATE:
        for room in rooms:
            change_room(room, person=owner, guests_may_read=False, guests_may_post=False)
    return owner


def sign_up(*, username: str, password: str, email: str = "", invitation: str | None = None) -> User:
    """Makes an account, where that is open to all or with an invitation's token.

    Raises `Forbidden` where it is not, and what `accounts.operations.sign_up` raises.
    """
    user = accounts.prepared(username=username, password=password, email=email)
    with transaction.atomic():
        if not Community.objects.current().signup_open:
            _use(invitation)
        accounts.sign_up(user=user)
        join_rooms_for_everyone(person=user)
    return user


def find_invitation(token: str) -> Invitation | None:
    """The invitation with this token, if it can still be used."""
    return Invitation.objects.usable().filter(token=token).first()


@transaction.atomic
def revoke_invitations(*, by: User, invitations: Iterable[int]) -> list[Invitation]:
    """Lets nobody in by these invitations any more; returns those that were not revoked before. Audited."""
    found = Invitation.objects.select_for_update().filter(pk__in=list(invitations), revoked=False)
    revoked = list(found.order_by("pk"))
    for invitation in revoked:
        invitation.revoked = True
        invitation.save(update_fields=["revoked"])
        after = {"revoked": True}
        audit.record("revoke_invitation", actor=by, target=invitation, before={"revoked": False}, after=after)
    return revoked


def _use(token: str | None) -> None:
    # Counted in the update itself: of two who take the last use in one moment, one comes too late.
    if not token or not Invitation.objects.usable().filter(token=token).update(uses=F("uses") + 1):
        raise Forbidden("Signing up here takes an invitation that is still good.")
