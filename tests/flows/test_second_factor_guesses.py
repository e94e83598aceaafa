"""Limits of guessing second factors hold however many guess at once (threats T9 and T16)."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from identity.domain.second_factor import MOST_METHODS, WRONG_PER_CHALLENGE
from tests.login_world import World
from tests.second_factors import METHODS, Phone, answer, challenge, with_phone

AT_ONCE = 32


@pytest.fixture
def alice(world: World) -> str:
    return str(world.logged_in("alice")["user"]["id"])


def all_at_once(world: World, guesses: list[tuple[str, str]]) -> Counter[int]:
    """The statuses of these guesses (twoFactorId, code), made by as many threads."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return Counter(pool.map(lambda guess: answer(world, *guess).status_code, guesses))


def test_parallel_guesses_32_at_once_never_exceed_the_limit_for_two_factor_codes(world: World, alice: str) -> None:
    phone, _ = with_phone(world, alice)
    two_factor_id = challenge(world, "alice")
    found = all_at_once(world, [(two_factor_id, code) for code in phone.wrong_codes(AT_ONCE)])
    assert found == {421: WRONG_PER_CHALLENGE, 404: AT_ONCE - WRONG_PER_CHALLENGE}


def test_parallel_guesses_32_at_once_never_exceed_the_limit_for_recovery_codes(world: World, alice: str) -> None:
    with_phone(world, alice)
    two_factor_id = challenge(world, "alice")
    found = all_at_once(
        world, [(two_factor_id, f"AAAAAA{number}{other}") for number in "23" for other in "ABCDEFGHIJKLMNOP"]
    )
    assert found == {421: WRONG_PER_CHALLENGE, 404: AT_ONCE - WRONG_PER_CHALLENGE}


def test_32_wrong_codes_at_once_over_many_challenges_are_looked_at_ten_times(world: World, alice: str) -> None:
    phone, _ = with_phone(world, alice)
    challenges = [challenge(world, "alice") for _ in range(8)]
    wrong = phone.wrong_codes(AT_ONCE)
    all_at_once(world, [(challenges[number % 8], code) for number, code in enumerate(wrong)])
    [(counted,)] = world.rows("SELECT sum((data->>'wrong')::int) FROM external_identifiers WHERE kind = 'two-factor'")
    assert counted + WRONG_PER_CHALLENGE * (8 - len(open_challenges(world))) == 10
    assert answer(world, open_challenges_of(world, challenges), phone.code()).status_code == 421


def open_challenges(world: World) -> list[tuple[object, ...]]:
    return world.rows("SELECT id_hash FROM external_identifiers WHERE kind = 'two-factor'")


def open_challenges_of(world: World, challenges: list[str]) -> str:
    """One of these that was not guessed to its end."""
    return next(each for each in challenges if answer(world, each, "0").status_code == 421)


def test_of_32_right_answers_at_once_one_gets_in(world: World, alice: str) -> None:
    phone, _ = with_phone(world, alice)
    challenges = [challenge(world, "alice") for _ in range(4)]
    code = phone.code()
    found = all_at_once(world, [(challenges[number % 4], code) for number in range(AT_ONCE)])
    assert found[200] == 1


def test_of_32_uses_of_one_recovery_code_at_once_one_gets_in(world: World, alice: str) -> None:
    _, recovery_codes = with_phone(world, alice)
    challenges = [challenge(world, "alice") for _ in range(8)]
    found = all_at_once(world, [(challenges[number % 8], recovery_codes[0]) for number in range(AT_ONCE)])
    assert found[200] == 1


def test_guesses_at_removing_a_method_count_for_the_user(world: World, alice: str) -> None:
    phone, _ = with_phone(world, alice)
    method_id = world.user(alice)["twoFactor"]["methods"][0]["id"]

    def remove(code: str) -> int:
        query = {"methodId": method_id, "code": code}
        return world.service.call("DELETE", f"{METHODS}/{alice}", params=query).status_code

    with ThreadPoolExecutor(AT_ONCE) as pool:
        assert set(pool.map(remove, phone.wrong_codes(AT_ONCE))) == {421}
    assert remove(phone.code()) == 421
    assert answer(world, challenge(world, "alice"), phone.code()).status_code == 421
    world.clock.advance(minutes=15)
    assert remove(phone.code()) == 200


def test_a_right_code_does_not_forgive_the_wrong_ones(world: World, alice: str) -> None:
    phone, _ = with_phone(world, alice)
    wrong = phone.wrong_codes(10)
    for start in (0, 3, 6):
        two_factor_id = challenge(world, "alice")
        assert [answer(world, two_factor_id, code).status_code for code in wrong[start : start + 3]] == [421] * 3
        assert answer(world, two_factor_id, phone.code()).status_code == 200
    two_factor_id = challenge(world, "alice")
    assert answer(world, two_factor_id, wrong[9]).status_code == 421
    assert answer(world, two_factor_id, phone.code()).status_code == 421


def test_what_locks_one_user_out_does_not_concern_another(world: World, alice: str) -> None:
    phone, _ = with_phone(world, alice)
    max_id = str(world.logged_in("max")["user"]["id"])
    his_phone, _ = with_phone(world, max_id)
    wrong = phone.wrong_codes(12)
    for codes in (wrong[:4], wrong[4:8], wrong[8:]):
        two_factor_id = challenge(world, "alice")
        for code in codes:
            assert answer(world, two_factor_id, code).status_code == 421
    assert answer(world, challenge(world, "max"), his_phone.code()).status_code == 200


def test_of_16_methods_set_up_at_once_ten_stay_and_one_brings_recovery_codes(world: World, alice: str) -> None:
    phones = [Phone(world) for _ in range(16)]
    bodies = [{"method": "authenticator", "secret": phone.base64, "code": phone.code()} for phone in phones]
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda body: world.service.call("POST", f"{METHODS}/{alice}", body), bodies))
    assert Counter(each.status_code for each in answers) == {200: MOST_METHODS, 400: 16 - MOST_METHODS}
    assert sum("recoveryCodes" in each.json() for each in answers) == 1
    assert len({method["id"] for method in world.user(alice)["twoFactor"]["methods"]}) == MOST_METHODS
