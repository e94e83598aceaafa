"""When wrong guesses become too many: the rules alone."""

from __future__ import annotations

from uuid import UUID

from identity.domain.guesses import CODES, Count, Guess, Guesses, GuessRules, after_wrong

RULES = GuessRules(most=3, window=1000, lockout=5000)


def guessed(*instants: int, guess: Guess = Guess.PASSWORD) -> Guesses:
    state = Guesses()
    for now in instants:
        state = after_wrong(state, guess, RULES, now)
    return state


def test_the_last_guess_that_is_allowed_locks() -> None:
    assert guessed(0, 1) == Guesses(passwords=Count(2, 0))
    assert guessed(0, 1, 2) == Guesses(locked_until=5002)


def test_a_window_that_is_over_begins_anew() -> None:
    assert guessed(0, 999) == Guesses(passwords=Count(2, 0))
    assert guessed(0, 1000) == Guesses(passwords=Count(1, 1000))


def test_guesses_during_a_lockout_neither_count_nor_prolong_it() -> None:
    assert guessed(0, 1, 2, 3, 4999) == guessed(0, 1, 2)


def test_after_a_lockout_counting_begins_anew() -> None:
    assert guessed(0, 1, 2, 5002) == Guesses(passwords=Count(1, 5002))


def test_passwords_and_codes_are_counted_apart_and_locked_together() -> None:
    state = after_wrong(guessed(0, 1), Guess.CODE, RULES, 2)
    assert state == Guesses(passwords=Count(2, 0), codes=Count(1, 2))
    assert after_wrong(state, Guess.PASSWORD, RULES, 3).locked(4)


CODE_RULES = GuessRules(most=CODES, window=1000, lockout=5000)


def wrong_codes(state: Guesses, count: int, now: int) -> Guesses:
    for _ in range(count):
        state = after_wrong(state, Guess.CODE, CODE_RULES, now)
    return state


def test_a_lockout_of_passwords_gives_no_fresh_set_of_codes() -> None:
    state = wrong_codes(Guesses(), CODES - 1, 0)
    for _ in range(3):
        state = after_wrong(state, Guess.PASSWORD, RULES, 1)
    assert state == Guesses(codes=Count(CODES - 1, 0), locked_until=5001)
    assert not state.locked_for_codes(2)
    state = wrong_codes(state, 1, 2)
    assert state == Guesses(codes=Count(CODES, 0), locked_until=5002)
    assert state.locked_for_codes(3)
    assert wrong_codes(state, 1, 3) == state


def test_codes_during_a_lockout_of_passwords_count_and_leave_it_as_it_is() -> None:
    state = wrong_codes(guessed(0, 1, 2), 2, 3)
    assert state == Guesses(codes=Count(2, 3), locked_until=5002)


def test_a_lockout_for_codes_is_never_shortened_and_is_over_in_its_time() -> None:
    long = Guesses(locked_until=99_999)
    assert wrong_codes(long, CODES, 1).locked_until == 99_999
    state = wrong_codes(Guesses(), CODES, 0)
    assert (state.locked_for_codes(4999), state.locked_for_codes(5000)) == (True, False)
    assert wrong_codes(state, 1, 5000) == Guesses(codes=Count(1, 5000))


def test_codes_that_led_to_an_earlier_lockout_are_not_blamed_for_one_of_passwords() -> None:
    state = wrong_codes(Guesses(), CODES, 0)
    for _ in range(RULES.most):
        state = after_wrong(state, Guess.PASSWORD, RULES, 5000)
    assert state == Guesses(locked_until=10_000)
    assert not state.locked_for_codes(5001)


def test_the_tenant_says_how_many_and_how_long() -> None:
    chosen = {
        "too_many_attempts": 4,
        "reset_count_in_seconds": 30,
        "action_duration": 2,
        "action_duration_unit": "HOURS",
        "action_cancel_policy": {"on_password_reset": True},
        "email_user": True,
        "user_action_id": str(UUID(int=7)),
    }
    settings = {"failed_authentication_configuration": chosen}
    assert GuessRules.of(settings, Guess.PASSWORD) == GuessRules(4, 30_000, 7_200_000, UUID(int=7), True, True)
    assert GuessRules.of(settings, Guess.CODE) == GuessRules(CODES, 900_000, 7_200_000, UUID(int=7), True, True)


def test_an_endless_lockout_still_fits_the_column() -> None:
    endless = GuessRules(most=1, window=1, lockout=2**31 * 365 * 86_400_000)
    assert (after_wrong(Guesses(), Guess.PASSWORD, endless, 1_750_000_000_000).locked_until or 0) < 2**63
