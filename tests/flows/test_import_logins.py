"""People who were imported with the hashes of another system log in, and their hashes move on."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import bcrypt
from argon2 import PasswordHasher

from tests.contract.people import PASSWORD
from tests.sessions import Sessions

SALT = b"sixteen bytes!!!"
SECRET = PASSWORD.encode()
Hash = Callable[[], dict[str, Any]]


def text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def digested(name: str) -> dict[str, Any]:
    made = SECRET + SALT
    for _ in range(3):
        made = hashlib.new(name, made).digest()
    return {"password": text(made), "salt": text(SALT), "factor": 3}


def derived(name: str, length: int) -> dict[str, Any]:
    return {"password": text(hashlib.pbkdf2_hmac(name, SECRET, SALT, 10, length)), "salt": text(SALT), "factor": 10}


def portable(name: str, length: int) -> dict[str, Any]:
    """As FusionAuth documents phpass: standard base64."""
    made = hashlib.new(name, b"saltsalt" + SECRET).digest()
    for _ in range(8):
        made = hashlib.new(name, made + SECRET).digest()
    return {"password": text(made)[:length], "salt": "saltsalt", "factor": 8}


def blowfish() -> dict[str, Any]:
    whole = bcrypt.hashpw(SECRET, bcrypt.gensalt(4)).decode()
    return {"password": whole[29:], "salt": whole[7:29], "factor": 4}


SCHEMES: dict[str, Hash] = {
    "salted-md5": lambda: digested("md5"),
    "salted-sha256": lambda: digested("sha256"),
    "salted-hmac-sha256": lambda: {"password": text(hmac.digest(SALT, SECRET, "sha256")), "salt": text(SALT)},
    "salted-pbkdf2-hmac-sha256": lambda: derived("sha256", 32),
    "salted-pbkdf2-hmac-sha256-512": lambda: derived("sha256", 64),
    "salted-pbkdf2-hmac-sha512-512": lambda: derived("sha512", 64),
    "bcrypt": blowfish,
    "phpass-md5": lambda: portable("md5", 24),
    "phpass-sha512": lambda: portable("sha512", 43),
    "argon2id": lambda: {"password": PasswordHasher(memory_cost=1024).hash(PASSWORD), "salt": ""},
}


def stored_scheme(sessions: Sessions, email: str) -> tuple[str, str]:
    with sessions.world.service.services.db.read() as conn:
        row = conn.execute(
            "SELECT scheme, hash FROM passwords JOIN users ON users.id = user_id WHERE email = %s", (email,)
        ).fetchone()
    assert row is not None
    return row[0], row[1]


def test_one_import_file_with_every_hash_scheme_each_user_logs_in_and_the_hash_has_moved(sessions: Sessions) -> None:
    emails = {scheme: f"{uuid4().hex}@example.com" for scheme in SCHEMES}
    application_id = sessions.application()
    crowd = [
        {
            "email": email,
            "active": True,
            "encryptionScheme": scheme,
            "registrations": [{"applicationId": application_id}],
            **SCHEMES[scheme](),
        }
        for scheme, email in emails.items()
    ]
    answer = sessions.call("POST", "/api/user/import", {"users": crowd}, tenant=sessions.tenant_id)
    assert answer.status_code == 200, answer.text
    for scheme, email in emails.items():
        assert stored_scheme(sessions, email)[0] == scheme
        wrong = {"loginId": email, "password": PASSWORD + "!", "applicationId": application_id}
        assert sessions.call("POST", "/api/login", wrong).status_code == 404, scheme
        right = {**wrong, "password": PASSWORD}
        for _ in ("with the old hash", "with the new one"):
            login = sessions.call("POST", "/api/login", right)
            assert login.status_code == 200, (scheme, login.text)
        moved, made = stored_scheme(sessions, email)
        assert moved == "argon2id"
        assert made.startswith("sha256$argon2id$v=19$m=19456,t=2,p=1$")
