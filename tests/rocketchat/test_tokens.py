"""Where tokens of the Rocket.Chat door end, how many there are, what is stored (rocket sections 5 and 13)."""

from __future__ import annotations

import base64
import hashlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

from identity.flows.housekeeping import keep_house
from identity.store import rocketchat_tokens
from identity.store.rocketchat_tokens import ChatToken, TokenKind
from tests.login_world import World
from tests.password_door import PASSWORD, Door
from tests.rocketchat.client import Chat, Session, unauthorized
from tests.second_factors import change_tenant, with_phone


def personal(chat: Chat, user_id: str, token: str) -> None:
    """A personal token of the user, made by hand."""
    services = chat.world.service.services
    stored = ChatToken(
        tenant_id=chat.world.service.tenant_id,
        id=services.runtime.new_id(),
        user_id=UUID(user_id),
        application_id=UUID(chat.world.application_id),
        kind=TokenKind.PERSONAL,
        name="script",
        last_part=token[-6:],
        bypass_two_factor=False,
        insert_instant=services.runtime.now(),
        expiry=None,
    )
    services.db.transact(lambda conn: rocketchat_tokens.add(conn, stored, token))


def tokens_of(world: World, user_id: str) -> list[tuple[Any, ...]]:
    return world.rows("SELECT kind, token_hash, last_part, expiry FROM rocketchat_tokens WHERE user_id = %s", user_id)


class Somebody:
    """A user with two sessions and a personal token."""

    def __init__(self, chat: Chat) -> None:
        self.chat = chat
        self.door = Door(chat.world)
        self.id = self.door.add_user()
        self.sessions = [chat.logged_in(self.door.email) for _ in range(2)]
        self.personal = Session(chat, self.sessions[0].user_id, f"personal-{self.id}")
        personal(chat, self.id, self.personal.token)

    def alive(self) -> tuple[int, bool]:
        """How many logins are alive, and whether the personal token is."""
        return sum(session.is_alive for session in self.sessions), self.personal.is_alive


def call(chat: Chat, method: str, path: str, json: Any = None) -> None:
    answer = chat.world.service.call(method, path, json)
    assert answer.status_code < 300, answer.text


def test_only_the_hash_of_a_token_is_stored(chat: Chat) -> None:
    person = chat.person()
    user_id = person.add_user()
    session = chat.logged_in(person.email)
    [(kind, stored, last_part, expiry)] = tokens_of(chat.world, user_id)
    assert stored == base64.b64encode(hashlib.sha256(session.token.encode()).digest()).decode()
    assert (kind, last_part) == ("login", session.token[-6:])
    now = chat.world.service.services.runtime.now()
    assert 0 <= now + 90 * 86_400_000 - expiry < 60_000


def test_a_personal_token_works_like_another_and_does_not_end(chat: Chat) -> None:
    somebody = Somebody(chat)
    assert somebody.alive() == (2, True)
    answer = chat.login({"resume": somebody.personal.token})
    assert answer.json()["data"]["authToken"] == somebody.personal.token
    chat.world.clock.advance(days=400)
    assert somebody.alive() == (0, True)


def test_revoking_the_refresh_tokens_of_a_user_ends_their_logins_here(chat: Chat) -> None:
    somebody, other = Somebody(chat), Somebody(chat)
    call(chat, "DELETE", f"/api/jwt/refresh?userId={somebody.id}")
    assert somebody.alive() == (0, True)
    assert other.alive() == (2, True)


def test_revoking_them_for_another_application_does_not(chat: Chat) -> None:
    somebody = Somebody(chat)
    other = chat.world.service.call("POST", "/api/application", {"application": {"name": "Other"}}).json()
    call(chat, "DELETE", f"/api/jwt/refresh?userId={somebody.id}&applicationId={other['application']['id']}")
    call(chat, "DELETE", f"/api/jwt/refresh?applicationId={other['application']['id']}")
    assert somebody.alive() == (2, True)
    call(chat, "DELETE", f"/api/jwt/refresh?userId={somebody.id}&applicationId={chat.world.application_id}")
    assert somebody.alive() == (0, True)


def test_revoking_the_tokens_of_the_application_ends_everybodys_logins(own_chat: Chat) -> None:
    one, other = Somebody(own_chat), Somebody(own_chat)
    call(own_chat, "DELETE", f"/api/jwt/refresh?applicationId={own_chat.world.application_id}")
    assert one.alive() == other.alive() == (0, True)


def test_a_new_password_ends_the_logins(chat: Chat) -> None:
    somebody = Somebody(chat)
    change = {"loginId": somebody.door.email, "currentPassword": PASSWORD, "password": "another good password"}
    call(chat, "POST", "/api/user/change-password", change)
    assert somebody.alive() == (0, True)


def test_a_new_password_ends_none_where_the_tenant_says_so(own_chat: Chat) -> None:
    somebody = Somebody(own_chat)
    change_tenant(own_chat.world, jwtConfiguration={"refreshTokenRevocationPolicy": {"onPasswordChanged": False}})
    change = {"loginId": somebody.door.email, "currentPassword": PASSWORD, "password": "another good password"}
    call(own_chat, "POST", "/api/user/change-password", change)
    assert somebody.alive() == (2, True)


def test_a_second_factor_that_is_taken_away_ends_nothing(chat: Chat) -> None:
    somebody = Somebody(chat)
    with_phone(chat.world, somebody.id)
    chat.world.clock.advance(seconds=1)
    path = f"/api/user/{somebody.id}"
    user = chat.world.service.call("GET", path).json()["user"]
    [method] = user["twoFactor"]["methods"]
    merge = {"Content-Type": "application/merge-patch+json"}
    document = {"user": {"twoFactor": {"methods": []}}}
    assert chat.world.service.call("PATCH", path, document, headers=merge).status_code == 200
    assert method["id"] not in str(chat.world.service.call("GET", path).json())
    assert somebody.alive() == (2, True)


def test_a_deactivation_removes_every_token_for_good(chat: Chat) -> None:
    somebody = Somebody(chat)
    call(chat, "DELETE", f"/api/user/{somebody.id}")
    assert somebody.alive() == (0, False)
    call(chat, "PUT", f"/api/user/{somebody.id}?reactivate=true")
    assert somebody.alive() == (0, False)


def test_a_deleted_user_has_no_tokens(chat: Chat) -> None:
    somebody = Somebody(chat)
    call(chat, "DELETE", f"/api/user/{somebody.id}?hardDelete=true")
    assert tokens_of(chat.world, somebody.id) == []
    assert unauthorized(chat.login({"resume": somebody.personal.token}))


def test_the_end_of_a_registration_ends_the_logins_of_its_application(chat: Chat) -> None:
    somebody = Somebody(chat)
    call(chat, "DELETE", f"/api/user/registration/{somebody.id}/{chat.world.application_id}")
    assert somebody.alive() == (0, True)


def test_an_unproved_user_loses_tokens_to_whoever_proves_the_address(own_chat: Chat) -> None:
    world = own_chat.world
    address = world.x.person("alice")["email"]
    somebody = Door(world, address)
    user_id = somebody.add_user(verified=False)
    session = own_chat.logged_in(address)
    planted = Session(own_chat, session.user_id, "planted")
    personal(own_chat, user_id, planted.token)
    world.rows("UPDATE users SET verified = false WHERE id = %s RETURNING id", user_id)
    assert world.logged_in("alice")["user"]["id"] == user_id
    assert not session.is_alive
    assert not planted.is_alive


def test_tokens_of_another_application_open_nothing(own_chat: Chat) -> None:
    session = own_chat.somebody()
    other = own_chat.world.service.call("POST", "/api/application", {"application": {"name": "Other"}}).json()
    own_chat.world.rows("UPDATE rocketchat_tokens SET application_id = %s RETURNING id", other["application"]["id"])
    assert not session.is_alive
    assert unauthorized(own_chat.login({"resume": session.token}))


def test_of_fifty_one_logins_the_oldest_ends(chat: Chat) -> None:
    person = chat.person()
    user_id = person.add_user()
    sessions = []
    with chat.world.clock.standing_still():
        for _ in range(51):
            chat.world.clock.advance(seconds=1)
            sessions.append(chat.logged_in(person.email))
        assert len(tokens_of(chat.world, user_id)) == 50
        assert [session.is_alive for session in sessions] == [False] + [True] * 50


def test_personal_tokens_are_not_counted_among_the_fifty(chat: Chat) -> None:
    somebody = Somebody(chat)
    for _ in range(49):
        chat.logged_in(somebody.door.email)
    assert somebody.personal.is_alive
    assert len(tokens_of(chat.world, somebody.id)) == 51


def test_logins_at_once_leave_no_more_than_fifty(chat: Chat) -> None:
    person = chat.person()
    user_id = person.add_user()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: chat.logged_in(person.email), range(64)))
    assert len(tokens_of(chat.world, user_id)) == 50


def test_housekeeping_removes_what_has_expired(own_chat: Chat) -> None:
    somebody = Somebody(own_chat)
    services = own_chat.world.service.services
    assert keep_house(services)["Rocket.Chat tokens"] == 0
    own_chat.world.clock.advance(days=91)
    assert keep_house(services)["Rocket.Chat tokens"] == 2
    assert somebody.alive() == (0, True)


def test_fusionauths_api_does_not_list_tokens_of_this_door(chat: Chat) -> None:
    somebody = Somebody(chat)
    answer = chat.world.service.call("GET", f"/api/jwt/refresh?userId={somebody.id}")
    assert answer.json().get("refreshTokens", []) == []
