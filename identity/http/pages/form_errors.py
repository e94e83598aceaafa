"""What a flow refuses, as errors beside the fields of a form: the field is the member's name, the words are a person's.

Texts of the Errors JSON have translations; where a person needs others, they stand here. A lambda's own texts are shown
as they are.
"""

from __future__ import annotations

from collections.abc import Mapping

from identity.domain.errors import Invalid, Problem
from identity.http.pages.catalogue import msgid
from identity.wire import camel_case

WORDS: Mapping[str, str] = {
    "[blank]user.password": msgid("Please choose a password."),
    "[duplicate]user.email": msgid("There is an account with this e-mail address already."),
    "[duplicate]user.username": msgid("There is an account with this user name already."),
    "[invalid]user.birthDate": msgid("This is not a date."),
    "[notEmail]user.email": msgid("This is not an e-mail address."),
    "[tooLong]user.password": msgid("The password is too long."),
    "[tooShort]user.password": msgid("The password is too short."),
    "[tooLong]password": msgid("The password is too long."),
    "[tooShort]password": msgid("The password is too short."),
}
TOO_OFTEN = msgid("This was done too often in a short time. Please wait a while, then try again.")


def form_errors(refused: Invalid, fields: tuple[str, ...]) -> dict[str, str]:
    """One text for each of `fields`; where none of them is wrong, one about the whole form."""
    names = {camel_case(name): name for name in fields}
    found: dict[str, str] = {}
    for path, problems in refused.field_errors.items():
        name = names.get(path.removeprefix("user.").partition("[")[0])
        if name is not None and problems:
            found.setdefault(name, _said(problems[0]))
    if not found or refused.general_errors:
        everything = [
            *refused.general_errors,
            *(each for problems in refused.field_errors.values() for each in problems),
        ]
        found[""] = _said(everything[0])
    return {name: found[name] for name in ("", *fields) if name in found}


def _said(problem: Problem) -> str:
    return WORDS.get(problem.code, problem.message)
