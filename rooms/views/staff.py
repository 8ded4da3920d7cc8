"""The live console's page; what it shows comes by the namespace `/admin`, which checks for itself."""

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

from rooms.events.payloads import personal_payload
from rooms.models import Room


@require_safe
@never_cache
@ensure_csrf_cookie
def staff(request: HttpRequest) -> HttpResponse:
    """The console, which offers what the person's permissions allow; 403 for who is not staff."""
    user = request.user
    if not user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    if not user.is_staff:
        return render(request, "rooms/staff_refused.html", status=403)
    permissions = [name for name, _ in Room._meta.permissions if user.has_perm(f"rooms.{name}")]
    context = {"person": personal_payload(user), "permissions": " ".join(permissions)}
    return render(request, "rooms/staff.html", context)
