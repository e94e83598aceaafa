"""What the body of a Rocket.Chat login asks for: a token to go on with, a password, or a service that vouches.

Source: Rocket.Chat contract 2.2 and 2.3. A member of the wrong type makes a form that nobody can log in with, as does
an unknown form: both are `None` here, and the same refusal as a wrong password at the door.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from identity.domain.bounds import storable

DIGEST = re.compile(r"[0-9a-f]{64}")
SHA_256 = "sha-256"
CODE_DIGITS = 6
LONGEST_LOGIN_ID = 255
LONGEST_PASSWORD = 10_000
LONGEST_TOKEN = 4_096
NOISE_IN_CODES = str.maketrans("", "", " -")


class Looked(Enum):
    """Where a login id is looked for: in which order, if in more than one place."""

    USERNAME = "username"
    EMAIL = "email"
    USERNAME_THEN_EMAIL = "username, then e-mail"
    EMAIL_THEN_USERNAME = "e-mail, then username"
    ID = "id"
    """The user's id, short or long."""


@dataclass(frozen=True, slots=True)
class Password:
    """A password in clear, or the hex SHA-256 of one."""

    text: str = field(default="", repr=False)
    digest: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class PasswordForm:
    """Somebody says who they are, and proves it by a password."""

    login_id: str
    looked: Looked
    password: Password
    code: str | None = field(default=None, repr=False)
    """A second factor's code, without spaces and dashes."""


@dataclass(frozen=True, slots=True)
class ResumeForm:
    """Somebody goes on with a token of an earlier login."""

    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ServiceForm:
    """Somebody brings an access token of an outside service. Its members depend on the service."""

    members: Mapping[str, Any] = field(repr=False)
    code: str | None = field(default=None, repr=False)


LoginForm = PasswordForm | ResumeForm | ServiceForm


def read_form(body: object, code_header: str | None = None) -> LoginForm | None:
    """The form of a parsed body. Which wins when there is more than one: the order of Rocket.Chat's handlers."""
    if not isinstance(body, dict):
        return None
    given = {name: value for name, value in body.items() if value}
    if "resume" in given:
        return _resume(given["resume"])
    try:
        code = _code(code_header if body.get("code") is None else body["code"])
    except ValueError:
        return None
    if "password" in given and (who := _who(body)) is not None:
        password = _password(given["password"])
        return None if who is NOBODY or password is None else PasswordForm(*who, password, code)
    return ServiceForm(body, code) if "accessToken" in given else None


def _resume(token: object) -> ResumeForm | None:
    return ResumeForm(token) if isinstance(token, str) and len(token) <= LONGEST_TOKEN else None


Who = tuple[str, Looked]
NOBODY: Who = ("", Looked.USERNAME)
"""Stands for whatever is no login id."""
QUERIES = {"username": Looked.USERNAME, "email": Looked.EMAIL, "id": Looked.ID}
"""The members that the object form of `user` may have; it has exactly one."""


def _who(body: Mapping[str, Any]) -> Who | None:
    """The login id and where to look for it; None when the body names nobody."""
    match body.get("user"), body.get("username"), body.get("email"):
        case str(user), _, _:
            return _sought(user, Looked.EMAIL_THEN_USERNAME if "@" in user else Looked.USERNAME)
        case None, None, None:
            return None
        case _, str(name), _ if "@" in name:
            return _sought(name, Looked.USERNAME_THEN_EMAIL)
        case query, None, None:
            return _queried(query)
        case _, None, email:
            return _sought(email, Looked.EMAIL)
        case _:
            return _sought(body["username"], Looked.USERNAME)


def _queried(user: object) -> Who:
    match user:
        case dict() if len(user) == 1 and (name := next(iter(user))) in QUERIES:
            return _sought(user[name], QUERIES[name])
        case _:
            return NOBODY


def _sought(login_id: object, looked: Looked) -> Who:
    if isinstance(login_id, str) and 0 < len(login_id) <= LONGEST_LOGIN_ID and storable(login_id):
        return login_id, looked
    return NOBODY


def _password(value: object) -> Password | None:
    match value:
        case str() if len(value) <= LONGEST_PASSWORD and storable(value):
            return Password(value)
        case {"digest": str(digest), "algorithm": algorithm} if algorithm == SHA_256 and DIGEST.fullmatch(digest):
            return Password(digest=digest)
        case _:
            return None


def _code(value: object) -> str | None:
    """The code without what people put between its characters; None when there is none. Raises ValueError."""
    match value:
        case None:
            return None
        case bool():
            raise ValueError("a truth value is no code")
        case int() if value >= 0:
            return str(value).zfill(CODE_DIGITS)
        case str() if len(value) <= LONGEST_LOGIN_ID:
            return value.translate(NOISE_IN_CODES) or None
        case _:
            raise ValueError("neither text nor a whole number")
