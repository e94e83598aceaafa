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
