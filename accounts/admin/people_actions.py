"""What is done to several people at once, after a page that says what will happen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse

from accounts import operations
from accounts.channels import user_room
from accounts.models import User
from accounts.standing import may_touch
from chatproject.sockets import sockets_in

from .audited import staff_of
from .confirming import Confirming, Question, ReasonForm, counted, listed


class Act(NamedTuple):
    """What is done to people, and how it is said; `{}` stands for them, as in "2 people"."""

    operation: Callable[..., list[User]]
    title: str
    does: str
    done: str  # for the history too
    button: str
    ends_sessions: bool = True
    includes_oneself: bool = False


SIGN_OUT = Act(
    operations.sign_out,
    "Sign {} out everywhere?",
    "They can log in again.",
    "Signed out everywhere",
    "Sign out",
    includes_oneself=True,
)
DEACTIVATE = Act(
    partial(operations.set_active, active=False),
    "Deactivate the accounts of {}?",
    "They cannot log in until they are activated again. What they wrote stays.",
    "Deactivated",
    "Deactivate",
)
ACTIVATE = Act(
    partial(operations.set_active, active=True),
    "Activate the accounts of {}?",
    "They can log in again, with the same password.",
    "Activated",
    "Activate",
    ends_sessions=False,
)


class PeopleActions(Confirming):
    """Each action is one transaction, and leaves out whom the person who asks may not do it to."""

    actions = ("sign_out_everywhere", "deactivate", "activate")

    @admin.action(description="Sign out everywhere…", permissions=["change"])
    def sign_out_everywhere(self, request: HttpRequest, people: QuerySet[User]) -> TemplateResponse | None:
        return self._ask(request, people, SIGN_OUT)

    @admin.action(description="Deactivate…", permissions=["change"])
    def deactivate(self, request: HttpRequest, people: QuerySet[User]) -> TemplateResponse | None:
        return self._ask(request, people.filter(is_active=True), DEACTIVATE)

    @admin.action(description="Activate…", permissions=["change"])
    def activate(self, request: HttpRequest, people: QuerySet[User]) -> TemplateResponse | None:
        return self._ask(request, people.filter(is_active=False), ACTIVATE)

    def _ask(self, request: HttpRequest, people: QuerySet[User], act: Act) -> TemplateResponse | None:
        by = staff_of(request)
        kept = [user for user in people if not _reaches(by, user, act)]
        reached = people.exclude(pk__in=[user.pk for user in kept])
        perform = partial(self._perform, request, act)
        return self.confirm(request, reached, partial(_question, act, kept), perform, ReasonForm)

    def _perform(self, request: HttpRequest, act: Act, found: list[User], data: dict[str, Any]) -> str:
        for user in found:  # the audit's lock comes last
            self.log_change(request, user, act.done)
        done = act.operation(by=staff_of(request), users=[user.pk for user in found], reason=data["reason"])
        return f"{act.done}: {listed([user.username for user in done])}."


def _reaches(by: User, user: User, act: Act) -> bool:
    return act.includes_oneself if user == by else may_touch(by, user)


def _question(act: Act, kept: Sequence[User], found: Sequence[Any]) -> Question:
    names = listed([user.username for user in kept])
    left_out = [f"Left as they are, since you may not do this to them: {names}."] if kept else []
    if not found:
        return Question("Nobody is left to do this to", [], act.button, left_out)
    effects = [act.does]
    if act.ends_sessions:
        sessions = counted(sum(user.session_count for user in found), "session")
        live = counted(sockets_in([user_room(user.pk) for user in found]), "live connection")
        effects.insert(0, f"{sessions} will end, and {live} close.")
    return Question(act.title.format(counted(len(found), "person", "people")), effects, act.button, left_out)
