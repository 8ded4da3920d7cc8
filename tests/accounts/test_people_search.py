import pytest

from accounts.models import User
from accounts.views.people import PEOPLE_LIMIT

from .conftest import signed_in

pytestmark = pytest.mark.django_db

PEOPLE = "/accounts/people/"


@pytest.fixture
def searcher(member):
    return signed_in(member)


def found(client, query):
    return [person["username"] for person in client.get(PEOPLE, {"q": query}).json()["people"]]


def test_a_person_is_given_by_id_names_and_picture_and_nothing_else(searcher):
    ann = User.objects.create(username="ann", display_name="Ann Lee", email="secret@example.org")
    response = searcher.get(PEOPLE, {"q": "ann"})
    assert response.json() == {
        "people": [{"id": ann.pk, "name": "Ann Lee", "username": "ann", "avatar": ann.avatar}]
    }
    assert "no-store" in response["Cache-Control"]


def test_nobody_is_found_by_e_mail(searcher):
    User.objects.create(username="ann", email="secret@example.org")
    assert found(searcher, "ann") == ["ann"]
    for query in ("secret", "example.org", "secret@example.org"):
        assert found(searcher, query) == []


def test_guests_are_told_nothing(client, member):
    client.post("/accounts/guest/", {"name": "Gus"})
    response = client.get(PEOPLE, {"q": "member"})
    assert response.status_code == 401
    assert response.json()["error"]["code"] == "unauthenticated"
    assert b"member" not in response.content


@pytest.mark.parametrize("query", ["zoë", "ZOË", "oë", "van der", "Berg"])
def test_people_are_found_by_parts_of_either_name_in_any_case(searcher, query):
    User.objects.create(username="Zoë", display_name="Z. van der Berg")
    assert found(searcher, query) == ["Zoë"]


def test_names_that_begin_with_the_query_come_first(searcher):
    for username in ("joanna", "anna", "hannah", "ann"):
        User.objects.create(username=username)
    assert found(searcher, "ann") == ["ann", "anna", "hannah", "joanna"]


def test_the_inactive_and_oneself_are_not_found(searcher, member, outsider):
    User.objects.create(username="membership", is_active=False)
    assert found(searcher, "member") == []
    assert found(signed_in(outsider), "member") == ["member"]


def test_at_most_so_many_are_found(searcher):
    User.objects.bulk_create(
        User(username=f"crowd{number}", password="!") for number in range(PEOPLE_LIMIT + 5)
    )
    assert len(found(searcher, "crowd")) == PEOPLE_LIMIT
    assert len(found(searcher, "")) == PEOPLE_LIMIT


@pytest.mark.parametrize("query", ["%", "_", "\\", "'", "\0", "x" * 10_000, "\ud83d"])
def test_odd_queries_find_nobody_by_accident(searcher, outsider, query):
    response = searcher.get(
        f"{PEOPLE}?q=" + "".join(f"%{byte:02x}" for byte in query.encode(errors="surrogatepass"))
    )
    assert response.status_code == 200
    assert response.json()["people"] == ([] if query != "\0" else response.json()["people"])


def test_a_search_is_a_get(searcher):
    assert searcher.post(PEOPLE, {"q": "x"}).status_code == 405
