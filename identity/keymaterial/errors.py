"""Why key material was refused."""

from __future__ import annotations


class BadKey(Exception):
    """The material cannot become a key: pairs of field (our snake_case name) and reason.

    Reasons: `missing`, `blank`, `invalid`, `encrypted` (a PEM with a pass phrase), `mismatch` (the parts are not of
    one key), `tooShort`.
    """

    def __init__(self, *errors: tuple[str, str]) -> None:
        super().__init__(", ".join(f"{field}: {reason}" for field, reason in errors))
        self.errors = errors
