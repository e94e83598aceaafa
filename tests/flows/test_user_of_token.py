"""GET /api/user with an access token: supporting contract 3.1."""

from __future__ import annotations

from tests.sessions import Sessions


def test_the_owner_of_an_access_token_reads_their_own_user(sessions: Sessions) -> None:
    session = sessions.begin()
    answer = sessions.call("GET", "/api/user", key=f"Bearer {session.token}")
    assert answer.status_code == 200, answer.text
    assert answer.json()["user"]["id"] == session.user_id
    assert answer.json() == sessions.call("GET", f"/api/user/{session.user_id}").json()
    by_cookie = sessions.call("GET", "/api/user", key="", cookies={"access_token": session.token})
    assert by_cookie.json() == answer.json()


def test_the_owner_reads_nobody_else_by_naming_them(sessions: Sessions) -> None:
    session, other = sessions.begin(), sessions.begin()
    email = sessions.world.user(other.user_id)["email"]
    answer = sessions.call("GET", f"/api/user?email={email}", key=f"Bearer {session.token}")
    assert answer.json()["user"]["id"] == session.user_id


def test_without_a_key_or_a_token_that_holds_nobody_is_read(sessions: Sessions) -> None:
    session = sessions.begin()
    altered = session.token[:-4] + ("AAAA" if not session.token.endswith("AAAA") else "BBBB")
    for key in ("", "no key", f"Bearer {altered}"):
        answer = sessions.call("GET", "/api/user", key=key)
        assert (answer.status_code, answer.content) == (401, b"")
    assert sessions.call("DELETE", f"/api/user/{session.user_id}?hardDelete=true").status_code == 200
    assert sessions.call("GET", "/api/user", key=f"Bearer {session.token}").status_code == 404
