"""242: the second factor of a login, from the challenge to the tokens."""

from __future__ import annotations

from uuid import uuid4

import pytest
import requests

from tests.login_world import World, login_world
from tests.second_factors import (
    Phone,
    answer,
    challenge,
    change_application,
    change_tenant,
    enable,
    tenant_policy,
    with_phone,
)


@pytest.fixture
def alice(world: World) -> str:
    """A user who logged in through the provider once."""
    return str(world.logged_in("alice")["user"]["id"])


def errors(response: requests.Response) -> set[str]:
    assert response.status_code == 400, response.text
    return set(response.json()["fieldErrors"])


def test_a_login_of_a_user_with_a_method_is_asked_for_a_code(world: World, alice: str) -> None:
    with_phone(world, alice)
    response = world.login("alice")
    assert response.status_code == 242
    body = response.json()
    assert set(body) == {"twoFactorId", "methods"}
    [method] = body["methods"]
    assert method["method"] == "authenticator"
    assert method["authenticator"] == {"algorithm": "HmacSHA1", "codeLength": 6, "timeStep": 30}
    assert set(method) == {"id", "method", "authenticator", "lastUsed"}
    assert "Set-Cookie" not in response.headers


def test_the_right_code_completes_the_login(world: World, alice: str) -> None:
    phone, _ = with_phone(world, alice)
    two_factor_id = challenge(world, "alice")
    response = answer(world, two_factor_id, phone.code(), metaData={"device": {"name": "phone"}})
    assert response.status_code == 200, response.text
    body = response.json()
    assert body["user"]["id"] == alice
    assert {"token", "tokenExpirationInstant", "refreshToken", "refreshTokenId"} <= set(body)
    assert {"access_token", "refresh_token"} == set(response.cookies.keys())
    assert body["user"]["twoFactor"]["methods"][0]["lastUsed"] is True
    claims = world.service.call(
        "GET", "/api/jwt/validate", key="", headers={"Authorization": f"Bearer {body['token']}"}
    ).json()["jwt"]
    assert claims["authenticationType"] == "TWITTER"
    assert claims["applicationId"] == world.application_id


def test_a_challenge_is_answered_once(world: World, alice: str) -> None:
    phone, _ = with_phone(world, alice)
    two_factor_id = challenge(world, "alice")
    assert answer(world, two_factor_id, phone.code()).status_code == 200
    again = answer(world, two_factor_id, phone.code())
    assert (again.status_code, again.content) == (404, b"")


def test_a_code_works_once_whatever_the_challenge(world: World, alice: str) -> None:
    phone, _ = with_phone(world, alice)
    first, second = challenge(world, "alice"), challenge(world, "alice")
    code = phone.code()
    assert answer(world, first, code).status_code == 200
    assert answer(world, second, code).status_code == 421
    assert answer(world, second, phone.code()).status_code == 200


def test_the_code_that_set_a_method_up_is_spent(world: World, alice: str) -> None:
    phone = Phone(world)
    code = phone.code()
    assert enable(world, alice, phone, code=code).status_code == 200
    assert answer(world, challenge(world, "alice"), code).status_code == 421


def test_a_wrong_code_is_421_and_leaves_the_challenge_alive(world: World, alice: str) -> None:
    phone, _ = with_phone(world, alice)
    two_factor_id = challenge(world, "alice")
    wrong = answer(world, two_factor_id, phone.wrong_codes(1)[0])
    assert (wrong.status_code, wrong.content) == (421, b"")
    assert answer(world, two_factor_id, phone.code()).status_code == 200


def test_an_unknown_or_expired_two_factor_id_is_404(world: World, alice: str) -> None:
    phone, _ = with_phone(world, alice)
    two_factor_id = challenge(world, "alice")
    assert answer(world, "unknown", phone.code()).status_code == 404
    world.clock.advance(seconds=301)
    assert answer(world, two_factor_id, phone.code()).status_code == 404


def test_a_challenge_lives_as_long_as_the_tenant_says(world: World, alice: str) -> None:
    phone, _ = with_phone(world, alice)
    change_tenant(world, externalIdentifierConfiguration={"twoFactorIdTimeToLiveInSeconds": 900})
    two_factor_id = challenge(world, "alice")
    world.clock.advance(seconds=890)
    assert answer(world, two_factor_id, phone.code()).status_code == 200


def test_both_fields_are_required(world: World) -> None:
    assert errors(world.service.call("POST", "/api/two-factor/login", {}, key="")) == {"code", "twoFactorId"}


def test_the_challenge_keeps_its_application(world: World, alice: str) -> None:
    phone, _ = with_phone(world, alice)
    two_factor_id = challenge(world, "alice")
    assert errors(answer(world, two_factor_id, phone.code(), applicationId=str(uuid4()))) == {"applicationId"}
    same = answer(world, two_factor_id, phone.code(), applicationId=world.application_id)
    assert same.status_code == 200


def test_another_users_id_does_not_answer_the_challenge(world: World, alice: str) -> None:
    phone, _ = with_phone(world, alice)
    two_factor_id = challenge(world, "alice")
    assert answer(world, two_factor_id, phone.code(), userId=str(uuid4())).status_code == 404
    assert answer(world, two_factor_id, phone.code(), userId=alice).status_code == 200


def test_without_a_token_is_without_cookies(world: World, alice: str) -> None:
    phone, _ = with_phone(world, alice)
    response = answer(world, challenge(world, "alice"), phone.code(), noJWT=True)
    assert response.status_code == 200
    assert set(response.json()) == {"user"}
    assert "Set-Cookie" not in response.headers


def test_a_recovery_code_logs_in_once_and_keeps_the_methods(world: World, alice: str) -> None:
    _, recovery_codes = with_phone(world, alice)
    code = recovery_codes[3]
    typed = f"{code[:4].lower()}-{code[4:].lower()}"
    assert answer(world, challenge(world, "alice"), typed).status_code == 200
    assert answer(world, challenge(world, "alice"), code).status_code == 421
    assert len(world.user(alice)["twoFactor"]["methods"]) == 1


def test_nobody_is_asked_when_the_policy_is_disabled(world: World, alice: str) -> None:
    with_phone(world, alice)
    tenant_policy(world, loginPolicy="Disabled")
    assert world.login("alice").status_code == 200
    change_application(world, multiFactorConfiguration={"loginPolicy": "Enabled"})
    assert world.login("alice").status_code == 242


def test_a_method_of_a_kind_that_is_switched_off_neither_asks_nor_answers(world: World, alice: str) -> None:
    phone, _ = with_phone(world, alice)
    two_factor_id = challenge(world, "alice")
    tenant_policy(world, authenticator={"enabled": False}, email={"enabled": True})
    assert answer(world, two_factor_id, phone.code()).status_code == 421
    assert world.login("alice").status_code == 200


def test_who_has_no_method_where_one_is_required_sets_one_up_on_the_way(world: World, alice: str) -> None:
    tenant_policy(world, loginPolicy="Required")
    response = world.login("alice")
    assert response.status_code == 242
    body = response.json()
    assert body["methods"] == []
    assert body["configurableMethods"] == ["authenticator"]
    phone = Phone(world)
    enabled = enable(world, alice, phone, twoFactorId=body["twoFactorId"])
    assert enabled.status_code == 200, enabled.text
    assert len(enabled.json()["recoveryCodes"]) == 10
    done = answer(world, body["twoFactorId"], enabled.json()["code"])
    assert done.status_code == 200, done.text
    assert world.login("alice").json()["methods"][0]["method"] == "authenticator"


def test_a_challenge_of_somebody_with_a_method_is_not_answered_by_setting_up_another(world: World, alice: str) -> None:
    with_phone(world, alice)
    two_factor_id = challenge(world, "alice")
    assert errors(enable(world, alice, Phone(world), twoFactorId=two_factor_id)) == {"twoFactorId"}


def test_a_challenge_that_demanded_a_method_takes_none_once_the_user_has_one(world: World, alice: str) -> None:
    tenant_policy(world, loginPolicy="Required")
    two_factor_id = challenge(world, "alice")
    with_phone(world, alice)
    assert errors(enable(world, alice, Phone(world), twoFactorId=two_factor_id)) == {"twoFactorId"}
    assert len(world.user(alice)["twoFactor"]["methods"]) == 1


def test_a_challenge_of_somebody_else_is_not_answered_by_setting_up_a_method(world: World, alice: str) -> None:
    tenant_policy(world, loginPolicy="Required")
    two_factor_id = challenge(world, "alice")
    other = world.add_user(email="other@example.test")["id"]
    assert errors(enable(world, other, Phone(world), twoFactorId=two_factor_id)) == {"twoFactorId"}
    assert world.user(other)["twoFactor"]["methods"] == []


def test_five_wrong_codes_end_a_challenge(world: World, alice: str) -> None:
    phone, _ = with_phone(world, alice)
    two_factor_id = challenge(world, "alice")
    assert [answer(world, two_factor_id, code).status_code for code in phone.wrong_codes(6)] == [421] * 5 + [404]
    assert answer(world, two_factor_id, phone.code()).status_code == 404


def test_the_same_wrong_code_within_a_second_counts_once(world: World, alice: str) -> None:
    phone, _ = with_phone(world, alice)
    two_factor_id = challenge(world, "alice")
    wrong = phone.wrong_codes(1)[0]
    with world.clock.standing_still():
        for _ in range(3):
            assert answer(world, two_factor_id, wrong).status_code == 421
        assert counted(world) == "1"
        world.clock.advance(seconds=1)
        assert answer(world, two_factor_id, wrong).status_code == 421
        assert counted(world) == "2"


def counted(world: World) -> str:
    """How many wrong codes the one challenge has."""
    [(wrong,)] = world.rows("SELECT data->>'wrong' FROM external_identifiers WHERE kind = 'two-factor'")
    return str(wrong)


def test_ten_wrong_codes_lock_the_user_over_all_challenges(world: World, alice: str) -> None:
    phone, recovery_codes = with_phone(world, alice)
    wrong = phone.wrong_codes(10)
    for codes in (wrong[:4], wrong[4:8], wrong[8:]):
        two_factor_id = challenge(world, "alice")
        assert {answer(world, two_factor_id, code).status_code for code in codes} == {421}
    fresh = challenge(world, "alice")
    assert answer(world, fresh, phone.code()).status_code == 421
    assert answer(world, fresh, recovery_codes[0]).status_code == 421
    world.clock.advance(minutes=15)
    assert answer(world, challenge(world, "alice"), phone.code()).status_code == 200


def test_a_user_who_may_not_log_in_any_more_does_not_get_past_the_second_step(world: World, alice: str) -> None:
    phone, _ = with_phone(world, alice)
    two_factor_id = challenge(world, "alice")
    world.change_user(alice, expiry=world.service.services.runtime.now() - 1)
    expired = answer(world, two_factor_id, phone.code())
    assert (expired.status_code, expired.content) == (410, b"")


def test_a_user_who_was_deactivated_meanwhile_is_404(world: World, alice: str) -> None:
    phone, _ = with_phone(world, alice)
    two_factor_id = challenge(world, "alice")
    assert world.service.call("DELETE", f"/api/user/{alice}").status_code == 200
    assert answer(world, two_factor_id, phone.code()).status_code == 404


def test_a_link_that_was_removed_meanwhile_ends_the_login(world: World, alice: str) -> None:
    phone, _ = with_phone(world, alice)
    two_factor_id = challenge(world, "alice")
    [link] = world.links(alice)
    assert world.unlink(alice, link["identityProviderUserId"]).status_code == 200
    assert answer(world, two_factor_id, phone.code()).status_code == 404


def test_a_provider_that_was_switched_off_meanwhile_ends_the_login(world: World, alice: str) -> None:
    phone, _ = with_phone(world, alice)
    two_factor_id = challenge(world, "alice")
    world.configure(enabled=False)
    assert answer(world, two_factor_id, phone.code()).status_code == 404


def test_the_setting_skip_lets_provider_logins_through(database_url: str) -> None:
    with login_world(database_url, federated_mfa="skip") as world:
        user_id = world.logged_in("alice")["user"]["id"]
        with_phone(world, user_id)
        tenant_policy(world, loginPolicy="Required")
        assert world.login("alice").status_code == 200


def test_no_code_or_id_is_stored_in_clear(world: World, alice: str) -> None:
    phone, recovery_codes = with_phone(world, alice)
    two_factor_id = challenge(world, "alice")
    stored = "".join(
        str(row)
        for table in ("two_factor_methods", "two_factor_recovery_codes", "external_identifiers", "two_factor_codes")
        for row in world.rows(f"SELECT * FROM {table}")
    )
    for secret in (two_factor_id, phone.base64, phone.base32, *recovery_codes):
        assert secret not in stored
