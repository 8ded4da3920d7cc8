"""The chat's pages: a shell with what the browser needs to begin; the rest comes by the socket."""

from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.templatetags.static import static
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

from accounts.guests import Person, person_of
from accounts.models import User
from rooms.events.payloads import member_count, personal_payload
from rooms.models import Community, Membership, Room
from rooms.operations.community import needs_owner
from rooms.operations.memberships import join_rooms_for_everyone
from rooms.operations.revisions import moderates
from rooms.views.coming_in import first_run

COMMUNITY_NAME = "Parley"


@never_cache
@ensure_csrf_cookie
def chat(request: HttpRequest, slug: str | None = None) -> HttpResponse:
    """The chat, with a room open if the address names one; before anything else, the first run."""
    if slug is None and needs_owner():
        return first_run(request)
    if request.method not in ("GET", "HEAD"):
        return redirect("chat")
    person = _person(request)
    if isinstance(person, User):
        join_rooms_for_everyone(person=person)
    elif not Room.objects.for_guests().exists():
        return redirect_to_login(request.get_full_path())
    if slug is not None:
        # Unknown and forbidden rooms look the same; a guest may be let in by signing in.
        if isinstance(person, User):
            get_object_or_404(Room.objects.visible_to(person), slug=slug)
        elif not Room.objects.visible_to(person).filter(slug=slug).exists():
            return redirect_to_login(request.get_full_path())
    return render(request, "rooms/chat.html", {"boot": _boot(person, slug)})


@require_safe
@never_cache
def browse(request: HttpRequest) -> HttpResponse:
    """The rooms that anybody, or any guest, may read."""
    person = _person(request)
    rooms = Room.objects.visible_to(person).filter(kind=Room.Kind.PUBLIC).with_member_count()
    if not isinstance(person, User) and not rooms:
        return redirect_to_login(request.get_full_path())
    own = {*Membership.objects.filter(user_id=person.id or 0).values_list("room_id", flat=True)}
    listed = [
        {
            "slug": room.slug,
            "name": room.name,
            "topic": room.topic,
            "members": member_count(room),
            "last_message_at": room.last_message_at,
            "joined": room.pk in own,
            "archived": room.archived,
        }
        for room in rooms.order_by("archived", "name")
    ]
    return render(request, "rooms/browse.html", {"rooms": listed, "person": person})


@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """The icon, for whoever asks for it by its old name without having read a page."""
    return redirect(static("rooms/icon.svg"))


def _person(request: HttpRequest) -> Person:
    return person_of(request.user, request.session)


def _boot(person: Person, slug: str | None) -> dict[str, Any]:
    return {
        "user": {**personal_payload(person), "named": bool(person.name), "moderates": moderates(person)},
        "room": slug,
        "message_length": settings.MESSAGE_LENGTH,
        "signup_open": Community.objects.current().signup_open,
        "community": COMMUNITY_NAME,
    }
