"""What ends a session ends the codes that would begin one, also when both happen at once (security T10, T11)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.oauth_world import Client, add_client, refused
from tests.password_door import PASSWORD
from tests.sessions import PERMISSIVE, Sessions

NO_CODE = ("invalid_grant", "auth_code_not_found")


def ends_session(sessions: Sessions, client: Client, what: str) -> None:
    match what:
        case "password":
            body = {
                "loginId": client.email,
                "password": "staple battery horse",
                "currentPassword": "correct horse battery",
            }
            answer = sessions.call("POST", "/api/user/change-password", body)
        case "revocation":
            answer = sessions.call("DELETE", f"/api/jwt/refresh?userId={client.user_id}")
        case "revocation for the application":
            answer = sessions.call("DELETE", f"/api/jwt/refresh?userId={client.user_id}&applicationId={client.id}")
        case "revocation of everybody":
            answer = sessions.call("DELETE", f"/api/jwt/refresh?applicationId={client.id}")
        case _:
            client.change(loginConfiguration=PERMISSIVE)
            body = {"loginId": client.email, "password": PASSWORD, "applicationId": client.id}
            token = sessions.call("POST", "/api/login", body).json()["refreshToken"]
            answer = sessions.call("POST", "/api/logout", {"refreshToken": token, "global": True}, key="")
    assert answer.status_code == 200, answer.text


WAYS = ["password", "revocation", "revocation for the application", "revocation of everybody", "logout everywhere"]


@pytest.mark.parametrize("what", WAYS)
def test_what_ends_the_users_sessions_ends_their_codes(sessions: Sessions, what: str) -> None:
    client, other = add_client(sessions.world), add_client(sessions.world)
    code, others = client.code(), other.code()
    ends_session(sessions, client, what)
    assert refused(client.redeem(code)) == NO_CODE
    assert other.redeem(others).status_code == 200


@pytest.mark.parametrize("_", range(8))
def test_a_code_that_is_redeemed_while_sessions_end_leaves_none_behind(sessions: Sessions, _: int) -> None:
    client = add_client(sessions.world)
    code = client.code()
    with ThreadPoolExecutor(2) as pool:
        ended = pool.submit(ends_session, sessions, client, "password")
        redeemed = pool.submit(client.redeem, code)
        ended.result()
    assert redeemed.result().status_code == 200 or refused(redeemed.result()) == NO_CODE
    left = sessions.call("GET", f"/api/jwt/refresh?userId={client.user_id}").json()["refreshTokens"]
    assert left == []


@pytest.mark.parametrize("response_type", ["code", "id_token token"])
def test_a_login_that_a_new_password_overtook_brings_its_client_nothing(sessions: Sessions, response_type: str) -> None:
    client = add_client(sessions.world)
    client.granted = {"login_version": client.granted_now().login_version}
    ends_session(sessions, client, "password")
    answer = client.come_back(response_type=response_type, nonce="n")
    assert (answer["error"], answer["error_reason"]) == ("login_required", "authentication_required")
    assert not {"code", "access_token", "id_token"} & set(answer)


def test_a_user_who_changes_meanwhile_is_judged_again(sessions: Sessions) -> None:
    client = add_client(sessions.world)
    codes = [client.code() for _ in range(8)]
    with ThreadPoolExecutor(9) as pool:
        changes = [pool.submit(sessions.world.change_user, client.user_id, firstName=str(n)) for n in range(6)]
        answers = list(pool.map(client.redeem, codes))
        for change in changes:
            change.result()
    assert {answer.status_code for answer in answers} <= {200, 503}
    assert 200 in {answer.status_code for answer in answers}
