"""Second factors in the words of Rocket.Chat's clients. Source: Rocket.Chat contract 7; decision 27."""

from __future__ import annotations

import pytest

from identity.domain.rocketchat_codes import (
    Asked,
    Missing,
    as_sent,
    available_names,
    chosen,
    fresh_code,
    is_sent,
)
from identity.domain.standing import TwoFactorMethod

PHONE = TwoFactorMethod("AAAA", "authenticator")
MAIL = TwoFactorMethod("BBBB", "email", email="richard@example.com")
OTHER_MAIL = TwoFactorMethod("CCCC", "email", email="hendricks@example.com")
SMS = TwoFactorMethod("DDDD", "sms", mobile_phone="+15551234")


def test_an_authenticator_comes_before_e_mail_and_e_mail_before_a_message() -> None:
    assert chosen((SMS, MAIL, PHONE)) == PHONE
    assert chosen((SMS, OTHER_MAIL, MAIL)) == OTHER_MAIL
    assert chosen((SMS,)) == SMS
    assert chosen(()) is None


def test_the_method_that_a_client_names_is_chosen_if_the_user_has_it() -> None:
    assert chosen((PHONE, MAIL), "email") == MAIL
    assert chosen((PHONE, MAIL), "sms") == PHONE


def test_kinds_of_methods_are_named_once_each_in_their_order() -> None:
    assert available_names((SMS, MAIL, OTHER_MAIL, PHONE)) == ("totp", "email", "sms")
    assert [is_sent(each) for each in (PHONE, MAIL, SMS)] == [False, True, True]


def test_a_fresh_code_has_six_digits_and_is_mailed_in_two_groups() -> None:
    code = fresh_code(lambda count: bytes(range(count)))
    assert code == "012345"
    assert as_sent(MAIL, code) == "012-345"
    assert as_sent(SMS, code) == "012345"


@pytest.mark.parametrize(
    ("missing", "error", "message"),
    [
        (Missing.REQUIRED, "totp-required", "TOTP Required"),
        (Missing.INVALID, "totp-invalid", "TOTP Invalid"),
        (Missing.MAX_ATTEMPTS, "totp-max-attempts", "TOTP Maximun Failed Attempts Reached"),
    ],
)
def test_what_is_missing_has_their_error_and_their_words(missing: Missing, error: str, message: str) -> None:
    assert (missing.value, Asked(missing, "totp").message) == (error, message)
