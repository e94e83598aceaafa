"""users.list and users.info: who sees what of whom (rocket section 5.5)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
import requests

from tests import postgres
from tests.rocketchat.client import Chat, Session, chat_world
from tests.rocketchat.tokens import NOT_TEXTS, is_forbidden, refusal, stranger
from tests.service import NOBODYS_ID

LIST, INFO = "/api/v1/users.list", "/api/v1/users.info"
PUBLIC = {"_id", "type", "username", "status", "utcOffset", "active", "avatarUrl"}
PRIVATE = {"emails", "roles", "statusConnection", "createdAt", "requirePasswordChange"}
JUNK = ["", "x", "-1", "1e3", "NaN", "null", "\x00", "\ufffd", "9" * 4000, "[]", '{"$gt":""}', "%", "0x10", "٣"]


@pytest.fixture(scope="module")
def town(postgres_server: postgres.Server, migrated_template: str) -> Iterator[Town]:
    """A door with a known number of people behind it, and some in another tenant."""
    url = postgres.fresh_database(postgres_server, migrated_template)
    with chat_world(url) as chat:
        yield Town(chat)
    postgres.drop_database(postgres_server, url)


@pytest.fixture(scope="module")
def quiet_chat(postgres_server: postgres.Server, migrated_template: str) -> Iterator[Chat]:
    """A door whose operator lets plain users see nobody."""
    url = postgres.fresh_database(postgres_server, migrated_template)
    with chat_world(url, denied_permissions="view-d-room") as made:
        yield made
    postgres.drop_database(postgres_server, url)


class Town:
    """An admin, a plain user, 120 others named user000 and so on; nobody else joins, so that counts are known."""

    def __init__(self, chat: Chat) -> None:
        self.chat = chat
        self.admin = chat.admin()
        person = chat.person()
        self.user_id = person.add_user(username="plain", fullName="Plain Person", timezone="Asia/Kolkata")
        self.plain, self.email = chat.logged_in(person.email), person.email
        self.stranger = stranger(chat, email=f"{uuid4().hex}@elsewhere.example")
        users = [
            {"username": f"user{number:03}", "fullName": f"Name {119 - number:03}", "active": True}
            for number in range(120)
        ]
        tenant = chat.world.service.tenant_id
        answer = chat.world.service.call("POST", "/api/user/import", {"users": users}, tenant=tenant)
        assert answer.status_code == 200, answer.text

    def names(self, **parameters: Any) -> list[str]:
        return [user["username"] for user in listed(self.plain, **parameters)["users"]]


def listed(session: Session, **parameters: Any) -> dict[str, Any]:
    """The body of a list, whose fixed parts are looked at."""
    answer = session.get(LIST, params=parameters)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "application/json"
    body: dict[str, Any] = answer.json()
    assert body["success"] is True
    assert body["count"] == len(body["users"])
    assert set(body) == {"users", "count", "offset", "total", "success"}
    return body


def info(session: Session, **parameters: Any) -> requests.Response:
    return session.get(INFO, params=parameters)


def seen(session: Session, **parameters: Any) -> dict[str, Any]:
    answer = info(session, **parameters)
    assert answer.status_code == 200, answer.text
    user: dict[str, Any] = answer.json()["user"]
    return user


def test_a_list_without_parameters_is_the_first_fifty(town: Town) -> None:
    body = listed(town.plain)
    assert (body["count"], body["offset"], body["total"]) == (50, 0, 122)


def test_pages_follow_one_another_until_everybody_was_seen_once(town: Town) -> None:
    pages = [town.names(offset=offset, count=50) for offset in (0, 50, 100, 150)]
    assert [len(page) for page in pages] == [50, 50, 22, 0]
    everybody = [name for page in pages for name in page]
    assert len(set(everybody)) == 122
    assert {"plain", "user000", "user119"} <= set(everybody)


@pytest.mark.parametrize(("count", "given"), [("1", 1), ("100", 100), ("500", 100), ("0", 100), ("-5", 50), ("x", 50)])
def test_a_page_holds_a_hundred_at_most(town: Town, count: str, given: int) -> None:
    assert listed(town.plain, count=count)["count"] == given


def test_an_offset_goes_no_deeper_than_a_search(town: Town) -> None:
    assert listed(town.plain, offset=10_000)["users"] == []
    assert refusal(town.plain.get(LIST, params={"offset": 10_001})) == "invalid-params"
    assert refusal(town.plain.get(LIST, params={"offset": "9" * 100})) == "invalid-params"


def test_a_list_has_an_order_of_the_client_s(town: Town) -> None:
    named = [user for user in town.names(count=100, sort='{"name": 1}') if user.startswith("user")]
    assert named[:3] == ["user119", "user118", "user117"]
    newest = town.names(count=3, sort=json.dumps({"username": -1}))
    assert newest == ["user119", "user118", "user117"]


@pytest.mark.parametrize("name", ["offset", "count", "sort", "fields", "query", "offset[]", "selector", "\x00"])
@pytest.mark.parametrize("junk", JUNK)
def test_no_junk_breaks_a_list(town: Town, name: str, junk: str) -> None:
    answer = town.plain.get(LIST, params={name: junk})
    if (name, junk) == ("offset", "9" * 4000):
        assert refusal(answer) == "invalid-params"
    else:
        assert (answer.status_code, answer.json()["success"]) == (200, True)


@pytest.mark.parametrize(
    "asked",
    [
        {"fields": '{"password":1,"services":1,"emails":1}'},
        {"query": '{"$where":"sleep(1000)"}'},
        {"query": '{"emails.address":{"$regex":".*"}}', "fields": '{"emails":1}'},
    ],
)
def test_fields_and_queries_change_nothing(town: Town, asked: dict[str, str]) -> None:
    assert listed(town.plain, **asked) == listed(town.plain)


def test_what_everybody_sees_are_names_and_who_is_active(town: Town) -> None:
    body = listed(town.plain, count=100, sort='{"username":-1}')
    for user in body["users"]:
        assert set(user) in (PUBLIC, PUBLIC | {"name"})
    assert body["users"][0] | {"_id": ""} == {
        "_id": "",
        "type": "user",
        "name": "Name 000",
        "username": "user119",
        "status": "offline",
        "utcOffset": 0,
        "active": True,
        "avatarUrl": f"{town.chat.world.service.url}/avatar/user119",
    }
    assert len(body["users"][0]["_id"]) == 17


def test_an_admin_sees_addresses_roles_and_instants_too(town: Town) -> None:
    everybody = listed(town.admin, count=100, offset=0)["users"] + listed(town.admin, count=100, offset=100)["users"]
    by_id = {user["_id"]: user for user in everybody}
    assert all(set(user) <= PUBLIC | PRIVATE | {"name", "lastLogin"} for user in everybody)
    plain = by_id[town.plain.user_id]
    assert plain["emails"] == [{"address": town.email, "verified": True}]
    assert plain["roles"] == ["user"]
    assert plain["requirePasswordChange"] is False
    assert plain["lastLogin"].endswith("Z")
    assert by_id[town.admin.user_id]["roles"] == ["admin"]


@pytest.mark.parametrize("sees", ["admin", "plain"])
def test_nobody_of_another_tenant_is_in_any_answer(town: Town, sees: str) -> None:
    session: Session = getattr(town, sees)
    pages = [town.plain.get(LIST, params={"count": 100, "offset": offset}).text for offset in (0, 100)]
    for secret in (town.stranger["id"], town.stranger["username"], town.stranger["email"]):
        assert not any(secret in page for page in pages)
        for parameters in ({"userId": secret}, {"username": secret}):
            answer = info(session, **parameters)
            nobody = info(session, **dict.fromkeys(parameters, str(uuid4())))
            assert (answer.status_code, answer.content) == (nobody.status_code, nobody.content)


def test_one_finds_others_by_either_id_or_by_name(town: Town) -> None:
    plain = seen(town.plain, userId=town.user_id)
    other = seen(town.plain, username="user007")
    assert plain == seen(town.plain, userId=town.plain.user_id) == seen(town.plain, username="PLAIN")
    assert other == seen(town.plain, userId=other["_id"])
    assert other == {
        "_id": other["_id"],
        "type": "user",
        "name": "Name 112",
        "username": "user007",
        "status": "offline",
        "utcOffset": 0,
        "active": True,
        "avatarUrl": f"{town.chat.world.service.url}/avatar/user007",
        "canViewAllInfo": False,
    }


def test_one_sees_everything_of_oneself_and_an_admin_of_everybody(town: Town) -> None:
    itself, by_admin = seen(town.plain, userId=town.user_id), seen(town.admin, username="plain")
    assert itself == by_admin
    assert itself["canViewAllInfo"] is True
    assert itself["emails"] == [{"address": town.email, "verified": True}]
    assert itself["utcOffset"] == 5.5
    assert set(itself) == PUBLIC | PRIVATE | {"name", "lastLogin", "canViewAllInfo"}


def test_who_has_no_user_name_finds_themselves_by_the_one_they_are_called(town: Town) -> None:
    name = town.admin.me["username"]
    assert seen(town.admin, username=name)["_id"] == town.admin.user_id
    assert info(town.plain, username=name).status_code == 400


def test_an_id_counts_before_a_name_and_empty_ones_do_not_count(town: Town) -> None:
    assert seen(town.plain, userId=town.user_id, username="user001")["username"] == "plain"
    assert seen(town.plain, userId=" ", username="user001")["username"] == "user001"


@pytest.mark.parametrize("parameters", [{}, {"userId": ""}, {"username": " "}, {"importId": "x"}, {"userId[]": "x"}])
def test_nobody_named_is_refused(town: Town, parameters: dict[str, str]) -> None:
    answer = info(town.plain, **parameters)
    assert refusal(answer) == "error-user-param-not-provided"


@pytest.mark.parametrize(
    "name", ["nobody", NOBODYS_ID, "x" * 17, "'; --", "*", "%", "user0%", "\u202e", "\ud83d\ude80"]
)
@pytest.mark.parametrize("parameter", ["userId", "username"])
def test_nobody_found_is_400(town: Town, parameter: str, name: str) -> None:
    name = name.encode("utf-16", "surrogatepass").decode("utf-16")
    answer = info(town.plain, **{parameter: name})
    assert (answer.status_code, answer.json()) == (400, {"success": False, "error": "User not found."})
    assert answer.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("parameter", ["userId", "username"])
@pytest.mark.parametrize("value", [value for value in NOT_TEXTS if isinstance(value, str)])
def test_a_text_that_nobody_can_have_is_refused(town: Town, parameter: str, value: str) -> None:
    assert refusal(info(town.plain, **{parameter: value})) == "invalid-params"


@pytest.mark.parametrize(
    "query", ["userId=%ff%fe", "username=%80", "userId=%00", "userId", "=", "&&&", "userId=a&userId=b"]
)
def test_bytes_that_are_no_text_break_nothing(town: Town, query: str) -> None:
    for path in (INFO, LIST):
        answer = town.plain.get(f"{path}?{query}")
        assert answer.status_code in {200, 400}
        assert answer.headers["Content-Type"] == "application/json"


def test_a_deactivated_user_is_seen_as_one(town: Town) -> None:
    name = seen(town.plain, username="user055")["_id"]
    [row] = town.chat.world.rows("SELECT id::text FROM users WHERE username = 'user055'")
    path = f"/api/user/{row[0]}"
    assert town.chat.world.service.call("DELETE", path).status_code == 200
    assert seen(town.plain, userId=name)["active"] is False
    assert town.chat.world.service.call("PUT", f"{path}?reactivate=true").status_code == 200
    assert seen(town.plain, userId=name)["active"] is True


def test_years_that_have_no_form_show_as_the_last_one_that_has(town: Town) -> None:
    query = "UPDATE users SET insert_instant = %s WHERE username = 'user099' RETURNING id"
    town.chat.world.rows(query, 2**63 - 1)
    assert seen(town.admin, username="user099")["createdAt"] == "9999-12-31T23:59:59.000Z"


@pytest.mark.parametrize("path", [LIST, INFO])
def test_one_must_be_signed_in(chat: Chat, path: str) -> None:
    assert chat.call("GET", path).status_code == 401


def test_where_the_operator_takes_the_permission_only_oneself_is_seen(quiet_chat: Chat) -> None:
    session, other, admin = quiet_chat.somebody(), quiet_chat.somebody(), quiet_chat.admin()
    assert is_forbidden(session.get(LIST))
    for name in (other.user_id, str(uuid4())):
        assert is_forbidden(info(session, userId=name))
        assert is_forbidden(info(session, username=name))
    assert seen(session, userId=session.user_id)["canViewAllInfo"] is True
    assert listed(admin)["count"] == 3
    assert seen(admin, userId=other.user_id)["emails"]
