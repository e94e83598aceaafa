"""Which row of login contract 3.5 a refusal belongs to: what the trace of a login names as the rule that decided."""

from __future__ import annotations

ROW_OF_CODE = {
    "InvalidApplication": 4,
    "InvalidIdentityProviderId": 5,
    "ExternalAuthenticationExpired": 6,
    "OAuthv1TokenMismatch": 6,
    "MissingEmail": 14,
    "MissingUsername": 14,
    "UserDoesNotExistByEmail": 15,
    "UserDoesNotExistByUsername": 15,
    "LinkCountExceeded": 19,
    "ExistingUserAlreadyLinked": 19,
}
OTHER_APP = "OtherApp"
"""The refusal of a client whose token is another app's. The login contract has no such client."""


def row(number: int) -> str:
    """How the trace names a row."""
    return f"3.5 row {number}"


def rule_of(code: str) -> str:
    """The rule behind a 401 of our own with this general error; what a provider refuses has its row by itself."""
    return "rocket 6.4" if code == OTHER_APP else row(ROW_OF_CODE[code])
