"""Short ids of users: given with the user, or when somebody asks first; and the way back (rocket section 5.1)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

from identity.domain.rocketchat import chat_id
from identity.store.rocketchat_ids import find_user, id_behind, rc_id_of, rc_ids_of
from tests.rocketchat.client import Chat


def stored(chat: Chat, user_id: str) -> str | None:
    return chat.world.rows("SELECT rc_id FROM users WHERE id = %s", user_id)[0][0]


def forget(chat: Chat, user_id: str) -> None:
    """Make the user one of those who are older than the column."""
    chat.world.rows("UPDATE users SET rc_id = NULL WHERE id = %s RETURNING id", user_id)


def test_a_new_user_has_one(chat: Chat) -> None:
    user_id = chat.person().add_user()
    assert stored(chat, user_id) == chat_id(UUID(user_id))


def test_imported_users_and_those_a_provider_makes_have_one(chat: Chat) -> None:
    user_id = str(uuid4())
    users = {"users": [{"id": user_id, "email": f"{user_id}@example.com"}]}
    assert chat.world.service.call("POST", "/api/user/import", users).status_code == 200
    assert stored(chat, user_id) == chat_id(UUID(user_id))
    user_id = chat.world.logged_in("alice")["user"]["id"]
    assert stored(chat, user_id) == chat_id(UUID(user_id))


def test_an_older_user_gets_theirs_at_the_first_login(chat: Chat) -> None:
    person = chat.person()
    user_id = person.add_user()
    forget(chat, user_id)
    session = chat.logged_in(person.email)
    assert stored(chat, user_id) == session.user_id == chat_id(UUID(user_id))
    assert session.is_alive


def test_a_session_of_an_older_user_is_found_by_the_long_id(chat: Chat) -> None:
    person = chat.person()
    user_id = person.add_user()
    session = chat.logged_in(person.email)
    forget(chat, user_id)
    assert not session.is_alive
    answer = chat.call("GET", "/api/v1/me", headers={"X-Auth-Token": session.token, "X-User-Id": user_id})
    assert answer.json()["_id"] == session.user_id
    assert session.is_alive


def add_with_id(chat: Chat, user_id: str) -> None:
    user = {"email": f"{user_id}@example.com", "password": "correct horse battery"}
    assert chat.world.service.call("POST", f"/api/user/{user_id}", {"user": user}).status_code == 200


def test_of_two_users_with_the_same_one_the_second_gets_another(chat: Chat) -> None:
    first, second = chat.person().add_user(), str(uuid4())
    chat.world.rows("UPDATE users SET rc_id = %s WHERE id = %s RETURNING id", chat_id(UUID(second)), first)
    add_with_id(chat, second)
    assert stored(chat, second) is None
    session = chat.logged_in(f"{second}@example.com")
    assert session.user_id == chat_id(UUID(second), 1) == stored(chat, second)


def test_many_who_ask_at_once_are_told_the_same(chat: Chat) -> None:
    user_id = chat.person().add_user()
    forget(chat, user_id)
    db = chat.world.service.services.db

    def ask(_: int) -> str:
        with db.read() as conn:
            return rc_id_of(conn, UUID(user_id))

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(ask, range(16))) == {chat_id(UUID(user_id))}


def test_the_ids_of_several_users_are_told_at_once(chat: Chat) -> None:
    old, new = chat.person().add_user(), chat.person().add_user()
    forget(chat, old)
    with chat.world.service.services.db.read() as conn:
        told = rc_ids_of(conn, [UUID(old), UUID(new), uuid4()])
    assert told == {UUID(each): chat_id(UUID(each)) for each in (old, new)}


def test_somebody_who_is_gone_is_told_what_theirs_was(chat: Chat) -> None:
    nobody = uuid4()
    with chat.world.service.services.db.read() as conn:
        assert rc_id_of(conn, nobody) == chat_id(nobody)


def test_a_user_is_found_by_either_id_in_their_own_tenant(chat: Chat) -> None:
    user_id = UUID(chat.person().add_user())
    tenant_id = chat.world.service.tenant_id
    with chat.world.service.services.db.read() as conn:
        for text in (chat_id(user_id), str(user_id), str(user_id).upper()):
            found = find_user(conn, tenant_id, text)
            assert found is not None
            assert found.id == user_id
            assert find_user(conn, uuid4(), text) is None
        for text in ("", "nobody", chat_id(uuid4()), chat_id(user_id)[:-1], "\x00" * 17, "ä" * 17, "' OR true --abcd"):
            assert id_behind(conn, tenant_id, text) is None


def test_a_login_by_id_takes_either_id(chat: Chat) -> None:
    person = chat.person()
    user_id = person.add_user()
    for text in (user_id, chat_id(UUID(user_id))):
        assert chat.login({"user": {"id": text}, "password": "correct horse battery"}).status_code == 200


def test_a_database_that_takes_no_writes_tells_the_id_that_it_will_keep(chat: Chat) -> None:
    user_id = chat.person().add_user()
    forget(chat, user_id)
    with chat.world.service.services.db.read() as conn:
        conn.execute("SET default_transaction_read_only = on")
        told = rc_ids_of(conn, [UUID(user_id)])
        conn.execute("SET default_transaction_read_only = off")
    assert stored(chat, user_id) is None
    assert told == {UUID(user_id): chat_id(UUID(user_id))}
