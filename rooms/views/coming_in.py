"""How people come in: the first run, signing up, invitations."""

from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache

from accounts.forms import SignUpForm
from accounts.models import User
from chatproject.errors import DomainError, Forbidden, Invalid
from chatproject.sockets.addresses import network
from rooms.firstrun import forget_code, needs_code
from rooms.forms import FirstRunForm
from rooms.models import Community
from rooms.operations.community import (
    Openness,
    find_invitation,
    found_community,
    needs_owner,
)
from rooms.operations.community import sign_up as sign_up_person
from rooms.operations.sanctions import is_shut_out

INVITATION = "invitation"  # in the Django session: the token somebody came with


@never_cache
def first_run(request: HttpRequest) -> HttpResponse:
    """Makes the owner and asks what kind of place this is; shown while there is no owner."""
    form = FirstRunForm(request.POST or None, with_code=needs_code(request))
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            owner = found_community(
                username=data["username"], password=data["password1"], openness=Openness(data["kind"])
            )
        except Forbidden:
            return redirect("chat")
        forget_code()
        return _enter(request, owner)
    return render(request, "rooms/first_run.html", {"form": form}, status=_status(form))


@never_cache
def sign_up(request: HttpRequest) -> HttpResponse:
    """Makes an account, where that is open to all or with an invitation."""
    if needs_owner():
        return first_run(request)
    if request.user.is_authenticated:
        return redirect("chat")
    if is_shut_out(network(request.META["REMOTE_ADDR"])):
        return render(request, "rooms/signup.html", {"shut_out": True}, status=403)
    invitation = find_invitation(request.session.get(INVITATION, ""))
    if not (invitation or Community.objects.current().signup_open):
        return render(request, "rooms/signup.html", {"closed": True}, status=403)
    form = SignUpForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            user = sign_up_person(
                username=form.cleaned_data["username"],
                password=form.cleaned_data["password1"],
                email=form.cleaned_data["email"],
                invitation=invitation.token if invitation else None,
            )
        except DomainError as error:
            _add_errors(form, error)
        else:
            return _enter(request, user)
    context = {"form": form, "closed": False, "invitation": invitation}
    return render(request, "rooms/signup.html", context, status=_status(form))


@never_cache
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """An invitation's link: remembers it, and goes on to signing up."""
    if find_invitation(token) is None:
        return render(request, "rooms/signup.html", {"closed": True, "stale": True}, status=404)
    request.session[INVITATION] = token
    return redirect("accounts:signup")


def _enter(request: HttpRequest, user: User) -> HttpResponse:
    request.session.pop(INVITATION, None)
    login(request, user)
    return redirect("chat")


def _add_errors(form: SignUpForm, error: DomainError) -> None:
    if isinstance(error, Invalid):
        for field, sentence in error.details["fields"].items():
            form.add_error(field if field in form.fields else None, sentence)
    else:
        form.add_error(None, str(error))


def _status(form: SignUpForm) -> int:
    return 400 if form.is_bound else 200
