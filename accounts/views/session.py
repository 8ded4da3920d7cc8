"""Where a page has its visitor's session last on."""

from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts.sessions import SessionStore


@require_POST
@never_cache
def renew_session(request: HttpRequest) -> JsonResponse:
    """`{renewed}`: gives the browser its cookie anew, if it was given the last one an hour ago or longer."""
    session = request.session
    # Asking who it is comes first: Django may end a session that it accepts no more.
    is_accepted = request.user.is_authenticated or SESSION_KEY not in session
    if is_due := is_accepted and isinstance(session, SessionStore) and session.is_renewable:
        session.modified = True
    return JsonResponse({"renewed": is_due})
