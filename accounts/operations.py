"""The verbs of accounts: each is one transaction, and tells the sockets what follows from it after commit."""

from collections.abc import Collection, Iterable
from datetime import datetime

from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from chatproject.errors import Conflict, Forbidden, Invalid

from . import events
from .audit import record
from .channels import session_digest
from .guests import GUEST_NAME, Guest
from .models import Session, User
from .models.user import FOREVER, USERNAME_TAKEN
from .names import NAME_RESERVED, RESERVED_NAMES, folded, name_fault
from .reasons import Reason
from .standing import may_touch


# --- Accounts -----------------------------------------------------------------------------------
def prepared(*, username: str, password: str, email: str = "") -> User:
    """A person who is not saved yet, from what a sign-up form accepted.

    Apart from saving: hashing is slow on purpose, and must not happen while a transaction holds the database.
    """
    user = User(username=User.normalize_username(username), email=User.objects.normalize_email(email))
    user.set_password(password)
    return user


@transaction.atomic
def sign_up(*, user: User) -> User:
    """Makes the account of a `prepared` person. Raises Invalid if the name was taken meanwhile."""
    return _insert(user)


@transaction.atomic
def create_owner(*, user: User) -> User:
    """Makes the account that may do everything. Raises Conflict if there is one already, and as `sign_up`."""
    if User.objects.owners().exists():
        raise Conflict("This chat has an owner already.")
    user.is_staff = user.is_superuser = True
    return _insert(user)


def _insert(user: User) -> User:
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError as error:
        raise Invalid({"username": USERNAME_TAKEN}) from error
    return user


def user_saved(*, user: User) -> None:
    """Takes from a person's sockets what an edited account no longer gives."""
    if not user.is_active:
        end_sessions(user=user, reason=Reason.DEACTIVATED)
        return
    if not user.has_usable_password():
        _end_stale_sessions(user)
    if not user.is_staff:
        events.staff_ended(user_id=user.pk)


def user_deleted(*, user: User) -> None:
    """Drops the sockets of a person whose account, and sessions with it, have been deleted."""
    events.sessions_ended(user_id=user.pk, reason=Reason.DEACTIVATED)


def password_changed(*, user: User) -> None:
    """Signs a person out everywhere; the page that changed the password signs its own browser in again."""
    end_sessions(user=user, reason=Reason.PASSWORD_CHANGED)


# --- Bans ---------------------------------------------------------------------------------------
@transaction.atomic
def ban(*, user: User, until: datetime | None, reason: str) -> None:
    """Keeps a person from signing in until some time, None for no end, and ends all their sessions."""
    user.banned_until, user.ban_reason = until or FOREVER, reason
    user.save(update_fields=["banned_until", "ban_reason"])
    for session in user.sessions.all():
        _delete_quietly(session)
    events.person_banned(user)


def lift_ban(*, user: User) -> None:
    """Lets a person sign in again."""
    user.banned_until, user.ban_reason = None, ""
    user.save(update_fields=["banned_until", "ban_reason"])


# --- Sessions -----------------------------------------------------------------------------------
def end_session(*, session_key: str, reason: Reason) -> None:
    """Deletes one session, and drops its sockets."""
    if session := Session.objects.filter(session_key=session_key).first():
        session.end_reason = reason
        session.delete()


@transaction.atomic
def end_sessions(*, user: User, reason: Reason) -> None:
    """Deletes all sessions of a person, and drops all the person's sockets."""
    for session in user.sessions.all():
        _delete_quietly(session)
    events.sessions_ended(user_id=user.pk, reason=reason)


@transaction.atomic
def replace_session(*, session_key: str) -> None:
    """Deletes a session whose browser is given another; its sockets come back with the new cookie."""
    if session := Session.objects.filter(session_key=session_key).first():
        digest = session.digest  # deleting takes it from the object
        _delete_quietly(session)
        events.session_changed(digest=digest)


def session_deleted(*, session: Session) -> None:
    """Drops the sockets of a session that is gone, whoever deleted its row."""
    if session.end_reason:
        expired = session.expire_date <= timezone.now()
        events.session_ended(digest=session.digest, reason=Reason.EXPIRED if expired else session.end_reason)


def _delete_quietly(session: Session) -> None:
    session.end_reason = None
    session.delete()


@transaction.atomic
def _end_stale_sessions(user: User) -> None:
    """Ends the sessions that Django no longer accepts, since they were begun with another password."""
    accepted = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    for session in user.sessions.all():
        begun_with = session.get_decoded().get(HASH_SESSION_KEY, "")
        if not any(constant_time_compare(begun_with, known) for known in accepted):
            session.end_reason = Reason.PASSWORD_CHANGED
            session.delete()


# --- What staff do to accounts ------------------------------------------------------------------
@transaction.atomic
def sign_out(*, by: User, users: Collection[int], reason: str = "") -> list[User]:
    """Ends all sessions of people, who may log in again; returns them. Raises `Forbidden`. Is audited."""
    people = list(User.objects.select_for_update(no_key=True).filter(pk__in=users).order_by("pk"))
    _require_touchable(by, [user for user in people if user.pk != by.pk])
    for user in people:
        end_sessions(user=user, reason=Reason.REVOKED)
    for user in people:
        record("sign_out_user", actor=by, target=user, reason=reason)
    return people


@transaction.atomic
def set_active(*, by: User, users: Collection[int], active: bool, reason: str = "") -> list[User]:
    """Lets people sign in or not; who may not is signed out everywhere. Returns those for whom it is new.

    Raises `Invalid` (`user`) for oneself, `Forbidden`, `Conflict` if no owner would be left. Is audited.
    """
    if by.pk in users:
        raise Invalid({"user": "You cannot do this to yourself."})
    owners = Q(is_superuser=True, is_active=True)
    locked = User.objects.select_for_update(no_key=True).filter(Q(pk__in=users) | owners).order_by("pk")
    changed = [user for user in locked if user.pk in users and user.is_active != active]
    _require_touchable(by, changed)
    if not active:
        keep_an_owner(without=users)
    for user in changed:
        user.is_active = active
        user.save(update_fields=["is_active"])
    verb = "activate_user" if active else "deactivate_user"
    for user in changed:
        record(
            verb,
            actor=by,
            target=user,
            before={"active": not active},
            after={"active": active},
            reason=reason,
        )
    return changed


def keep_an_owner(*, without: Collection[int]) -> None:
    """Raises `Conflict` if only these may do everything. Else somebody still may when this is committed."""
    owners = User.objects.owners().filter(is_active=True)
    if not owners.filter(pk__in=without).exists():
        return
    if not {owner.pk for owner in owners.select_for_update(no_key=True).order_by("pk")} - {*without}:
        raise Conflict("Nobody would be left who may do everything here.")


def _require_touchable(by: User, people: Iterable[User]) -> None:
    if not all(may_touch(by, user) for user in people):
        raise Forbidden("Only an owner of this chat can do this to its staff.")


# --- Guests -------------------------------------------------------------------------------------
@transaction.atomic
def name_guest(*, session: SessionBase, name: str) -> Guest:
    """Gives the visitor of `session` a name. Raises Invalid (`name`) if it is none, or not free."""
    name = name.strip()
    if fault := name_fault(name):
        raise Invalid({"name": fault})
    if folded(name) in RESERVED_NAMES:
        raise Invalid({"name": NAME_RESERVED})
    if User.objects.called(name).exists():
        raise Invalid({"name": "A member of this chat has this name. Choose another, or log in."})
    session[GUEST_NAME] = name
    session.save()
    guest = Guest(name=name, key=session_digest(session.session_key or ""))
    events.session_changed(digest=guest.key)
    return guest
