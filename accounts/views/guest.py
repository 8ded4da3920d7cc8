"""Where a visitor without an account chooses a name."""

from typing import TYPE_CHECKING, Any

from django.contrib.auth.views import RedirectURLMixin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import FormView

from accounts import operations
from accounts.forms import GuestForm
from accounts.guests import person_of
from chatproject.errors import Invalid

if TYPE_CHECKING:
    GuestFormView = FormView[GuestForm]
else:
    GuestFormView = FormView


@method_decorator(never_cache, name="dispatch")
class NameGuest(RedirectURLMixin, GuestFormView):
    """Answers with pages, or with JSON where that is asked for."""

    template_name = "accounts/guest.html"
    form_class = GuestForm
    next_page = "chat"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            return self._named(request.user.name)
        return super().dispatch(request, *args, **kwargs)

    def get_initial(self) -> dict[str, Any]:
        return {"name": person_of(self.request.user, self.request.session).name}

    def form_valid(self, form: GuestForm) -> HttpResponse:
        try:
            guest = operations.name_guest(session=self.request.session, name=form.cleaned_data["name"])
        except Invalid as error:
            for field, sentence in error.details["fields"].items():
                form.add_error(field, sentence)
            return self.form_invalid(form)
        return self._named(guest.name)

    def form_invalid(self, form: GuestForm) -> HttpResponse:
        if not self._wants_json():
            return super().form_invalid(form)
        error = Invalid({field: str(sentences[0]) for field, sentences in form.errors.items()})
        return JsonResponse({"error": error.payload()}, status=400)

    def _named(self, name: str) -> HttpResponse:
        return (
            JsonResponse({"name": name})
            if self._wants_json()
            else HttpResponseRedirect(self.get_success_url())
        )

    def _wants_json(self) -> bool:
        return self.request.get_preferred_type(["text/html", "application/json"]) == "application/json"
