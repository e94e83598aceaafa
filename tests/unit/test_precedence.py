"""Which row of the table of outcomes a refusal names in the trace of a login."""

from __future__ import annotations

import pytest

from identity.domain.precedence import OTHER_APP, row, rule_of


@pytest.mark.parametrize(
    ("code", "number"),
    [
        ("InvalidApplication", 4),
        ("InvalidIdentityProviderId", 5),
        ("ExternalAuthenticationExpired", 6),
        ("MissingEmail", 14),
        ("MissingUsername", 14),
        ("UserDoesNotExistByEmail", 15),
        ("UserDoesNotExistByUsername", 15),
        ("LinkCountExceeded", 19),
    ],
)
def test_a_refusal_names_the_row_that_it_comes_from(code: str, number: int) -> None:
    assert rule_of(code) == row(number) == f"3.5 row {number}"


def test_the_refusal_of_another_app_names_the_contract_of_its_door() -> None:
    assert rule_of(OTHER_APP) == "rocket 6.4"
