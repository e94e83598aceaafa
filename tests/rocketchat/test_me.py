"""A user as Rocket.Chat's clients know one: every member and its real type (rocket sections 4 and 11)."""

from __future__ import annotations

from typing import Any

from tests.rocketchat.client import Chat
from tests.second_factors import change_tenant, with_phone


def test_a_user_with_everything(chat: Chat) -> None:
    me = chat.somebody(
        email="Ada.King@Example.com",
        username="ada king",
        firstName="Ada",
        lastName="King",
        timezone="Asia/Kolkata",
        preferredLanguages=["en_GB", "de"],
        data={"preferences": {"theme": "dark", "volume": 0.5}, "other": 1},
    ).me
    updated = me.pop("_updatedAt")
    assert me == {
        "_id": me["_id"],
        "name": "Ada King",
        "username": "ada king",
        "emails": [{"address": "ada.king@example.com", "verified": True}],
        "email": "ada.king@example.com",
        "status": "offline",
        "statusConnection": "offline",
        "utcOffset": 5.5,
        "active": True,
        "roles": ["user"],
        "settings": {"profile": {}, "preferences": {"theme": "dark", "volume": 0.5}},
        "avatarUrl": f"{chat.world.service.url}/avatar/ada%20king",
        "isOAuthUser": False,
        "services": {"password": {"exists": True}},
        "language": "en_GB",
    }
    assert len(updated) == len("2026-11-22T10:00:00.000Z")
    assert updated.endswith("Z")


def test_a_user_with_next_to_nothing(chat: Chat) -> None:
    person = chat.person()
    person.add_user(data={"preferences": "none"})
    me = chat.logged_in(person.email).me
    assert me["username"] == person.email.partition("@")[0]
    assert me["utcOffset"] == 0
    assert me["settings"] == {"profile": {}, "preferences": {}}
    assert not {"name", "language", "requirePasswordChange", "requirePasswordChangeReason"} & set(me)


def test_a_user_without_an_address_has_none(chat: Chat) -> None:
    person = chat.person()
    person.add_user(email=None, username=f"n{person.email[:8]}")
    me = chat.logged_in(f"n{person.email[:8]}").me
    assert not {"email", "emails"} & set(me)


def test_numbers_and_truths_are_no_text(chat: Chat) -> None:
    me = chat.somebody(timezone="America/Sao_Paulo").me
    assert me["utcOffset"] == -3
    types = {name: type(me[name]) for name in ("utcOffset", "active", "isOAuthUser")}
    assert types == {"utcOffset": int, "active": bool, "isOAuthUser": bool}
    assert me["emails"][0]["verified"] is True


def test_roles_are_those_of_the_doors_application(chat: Chat) -> None:
    assert chat.admin().me["roles"] == ["admin"]


def test_whoever_a_provider_knows_is_an_oauth_user(chat: Chat) -> None:
    person = chat.person()
    user_id = person.add_user()
    linked = chat.world.link(identityProviderUserId="4711", userId=user_id)
    assert linked.status_code == 200
    session = chat.logged_in(person.email)
    assert session.me["isOAuthUser"] is True
    assert session.get("/api/v1/me").json()["isOAuthUser"] is True


def test_second_factors_show_by_kind_and_no_secret_does(chat: Chat) -> None:
    person = chat.person()
    user_id = person.add_user()
    session = chat.logged_in(person.email)
    phone, recovery_codes = with_phone(chat.world, user_id)
    answer = session.get("/api/v1/me")
    assert answer.json()["services"] == {"password": {"exists": True}, "totp": {"enabled": True}}
    assert not [secret for secret in (phone.base32, *recovery_codes) if secret in answer.text]


def test_a_change_of_the_user_shows_at_the_next_call(chat: Chat) -> None:
    person = chat.person()
    user_id = person.add_user()
    session = chat.logged_in(person.email)
    chat.world.change_user(user_id, fullName="Somebody Else")
    me: dict[str, Any] = session.get("/api/v1/me").json()
    assert me["name"] == "Somebody Else"


def test_an_old_password_shows_and_a_directorys_does_not(own_chat: Chat) -> None:
    person = own_chat.person()
    user_id = person.add_user()
    session = own_chat.logged_in(person.email)
    change_tenant(own_chat.world, maximumPasswordAge={"enabled": True, "days": 1})
    assert "requirePasswordChange" not in session.get("/api/v1/me").json()
    own_chat.world.clock.advance(days=2)
    me = session.get("/api/v1/me").json()
    assert (me["requirePasswordChange"], me["requirePasswordChangeReason"]) == (True, "Expired")
    own_chat.world.rows("UPDATE users SET connector_id = gen_random_uuid() WHERE id = %s RETURNING id", user_id)
    assert "requirePasswordChange" not in session.get("/api/v1/me").json()
