"""Finding people, to add them to a room for example."""

from http import HTTPStatus

from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.models import User
from chatproject.errors import Unauthenticated

PEOPLE_LIMIT = 20
QUERY_LENGTH = 150  # characters; no name is longer


@require_safe
@never_cache
def people(request: HttpRequest) -> JsonResponse:
    """`{people: [{id, name, username, avatar}]}`: others whose names hold the parameter `q`."""
    if not request.user.is_authenticated:
        error = Unauthenticated().payload()
        return JsonResponse({"error": error}, status=HTTPStatus.UNAUTHORIZED)
    query = request.GET.get("q", "")[:QUERY_LENGTH].replace("\0", "")
    found = User.objects.matching(query).filter(is_active=True).exclude(pk=request.user.pk)[:PEOPLE_LIMIT]
    return JsonResponse({"people": [_found_person(user) for user in found]})


def _found_person(user: User) -> dict[str, object]:
    return {"id": user.pk, "name": user.name, "username": user.username, "avatar": user.avatar}
