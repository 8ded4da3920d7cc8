"""What is done to several people at once, after a page that says what will happen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse

from accounts import operations
from accounts.channels import user_room
from accounts.models import User
from accounts.standing import may_touch
from chatproject.sockets import sockets_in

from .audited import staff_of
from .confirming import Question, ask, is_confirmed

if TYPE_CHECKING:
    Pages = admin.ModelAdmin[Any]
else:
    Pages = object


class Act(NamedTuple):
    """What is done to each, and how it is said; `{}` stands for the people, as in "2 people"."""

    operation: Callable[[User, User], object]
    question: str
    effects: str
    button: str
    done: str
    ends_sessions: bool
    includes_oneself: bool = False


SIGN_OUT = Act(
    operation=lambda by, user: operations.sign_out(by=by, user=user),
    question="Sign {} out everywhere?",
    effects="{} will have to log in again.",
    button="Sign out",
    done="Signed out everywhere: {}.",
    ends_sessions=True,
    includes_oneself=True,
)
DEACTIVATE = Act(
    operation=lambda by, user: operations.set_active(by=by, user=user, active=False),
    question="Deactivate the accounts of {}?",
    effects="{} will not be able to log in until activated again. What they wrote stays.",
    button="Deactivate",
    done="Deactivated: {}.",
    ends_sessions=True,
)
ACTIVATE = Act(
    operation=lambda by, user: operations.set_active(by=by, user=user, active=True),
    question="Activate the accounts of {}?",
    effects="{} will be able to log in again, with the same password.",
    button="Activate",
    done="Activated: {}.",
    ends_sessions=False,
)


class PeopleActions(Pages):
    actions = ("sign_out_everywhere", "deactivate", "activate")

    @admin.action(description="Sign the selected people out everywhere", permissions=["change"])
    def sign_out_everywhere(self, request: HttpRequest, people: QuerySet[User]) -> TemplateResponse | None:
        return self._act(request, people, SIGN_OUT)

    @admin.action(description="Deactivate the selected people", permissions=["change"])
    def deactivate(self, request: HttpRequest, people: QuerySet[User]) -> TemplateResponse | None:
        return self._act(request, people.filter(is_active=True), DEACTIVATE)

    @admin.action(description="Activate the selected people", permissions=["change"])
    def activate(self, request: HttpRequest, people: QuerySet[User]) -> TemplateResponse | None:
        return self._act(request, people.filter(is_active=False), ACTIVATE)

    def _act(self, request: HttpRequest, people: QuerySet[User], act: Act) -> TemplateResponse | None:
        by, chosen = staff_of(request), list(people.order_by("pk"))
        kept = [user for user in chosen if not may_touch(by, user) and user != by]
        if by in chosen and not act.includes_oneself:
            kept.append(by)
        reached = [user for user in chosen if user not in kept]
        if not is_confirmed(request):
            return ask(self, request, reached, _question(act, reached, kept))
        for user in reached:
            act.operation(by, user)
            self.log_change(request, user, act.button)
        names = ", ".join(user.username for user in reached) or "nobody"
        self.message_user(request, act.done.format(names), messages.SUCCESS if reached else messages.WARNING)
        return None


def _question(act: Act, reached: Sequence[Any], kept: Sequence[User]) -> Question:
    people = _counted(len(reached), "person", "people")
    effects = [act.effects.format(people)]
    if act.ends_sessions:
        sessions = _counted(sum(user.session_count for user in reached), "session", "sessions")
        live = sockets_in([user_room(user.pk) for user in reached])
        effects.append(
            f"{sessions} will end, and {_counted(live, 'live connection', 'live connections')} close."
        )
    left_out = [f"Left as they are, since you may not do this to them: {_names(kept)}."] if kept else []
    if not reached:
        return Question("Nobody is left to do this to", (), act.button, left_out)
    return Question(act.question.format(people), effects, act.button, left_out)


def _names(people: Sequence[User]) -> str:
    return ", ".join(user.username for user in people)


def _counted(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
