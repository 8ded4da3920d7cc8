"""Log-in, log-out and password change: Django's own, with our pages."""

from typing import Any

from django.contrib.auth import update_session_auth_hash, views
from django.contrib.auth.forms import PasswordChangeForm
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse_lazy

from accounts.forms import LogInForm, PasswordForm


class LogIn(views.LoginView):
    template_name = "accounts/login.html"
    authentication_form = LogInForm
    redirect_authenticated_user = True

    def get_redirect_url(self, request: HttpRequest | None = None) -> str:
        """Where `next` asks to go, unless that is this page: the signed-in would go round for ever."""
        url = super().get_redirect_url()
        return "" if url.partition("?")[0] == self.request.path else url


class LogOut(views.LogoutView):
    template_name = "accounts/logged_out.html"


class ChangePassword(views.PasswordChangeView):
    template_name = "accounts/password.html"
    form_class = PasswordForm
    success_url = reverse_lazy("accounts:password_done")

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "address": self.request.META["REMOTE_ADDR"]}

    def form_valid(self, form: PasswordChangeForm) -> HttpResponse:
        user = form.save(
            commit=False
        )  # hashing is slow on purpose: not while a transaction holds the database
        # One transaction: sockets are dropped only when this browser's next session is there.
        with transaction.atomic():
            # Nothing else: while it was hashed the person may have been banned, or lost what they may do.
            user.save(update_fields=["password"])
            update_session_auth_hash(self.request, user)
        return HttpResponseRedirect(self.get_success_url())


class PasswordChanged(views.PasswordChangeDoneView):
    template_name = "accounts/password_done.html"
