"""The people who have an account at the emulated Facebook, and the ones every emulator starts with."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """One account. `key` names it in the control API; no app ever sees `id`, only one of its own for the person."""

    key: str
    id: str
    """Decimal digits."""
    name: str
    first_name: str = ""
    middle_name: str = ""
    last_name: str = ""
    email: str | None = None
    """None: the account has a phone number only, or an address that was never confirmed."""
    fault: str | None = None
    """The kind of fault that this person's calls always meet, or None."""
    note: str = ""
    """What the account is good for, shown on the pages."""
    silhouette: bool = False
    """Whether it has no picture of its own."""
    locale: str = "en_US"

    def id_for(self, app_id: str) -> str:
        """The id by which this app knows the person: 17 digits, another for every app."""
        digest = hashlib.sha256(f"{app_id}:{self.id}".encode()).digest()
        return str(10**16 + int.from_bytes(digest[:8]) % (9 * 10**16))


SEEDS = (
    Person("alice", "100000000000001", "Alice Adams", "Alice", "", "Adams", "alice@example.com", note="the usual case"),
    Person("bob", "100000000000002", "Bob Brown", "Bob", "", "Brown", None, note="Facebook has none of him"),
    Person(
        "carol", "100000000000003", "Carol Clark", "Carol", "", "Clark", "carol@example.com", "password_changed",
        "every token is refused: the password was changed",
    ),
    Person(
        "denny", "100000000000004", "Denny Dee", "Denny", "", "Dee", "denny@example.com", "denied",
        "always refuses consent",
    ),
    Person("erin", "100000000000005", "Erin Ellis", "Erin", "", "Ellis", "erin at example", note="no valid address"),
    Person(
        "alice-second", "100000000000006", "Alice A.", "Alice", "", "A.", "Alice@Example.com",
        note="Alice's address again",
    ),
    Person("mary", "100000000000007", "Mary Ann Moe", "Mary", "Ann", "Moe", "mary@example.com", note="a middle name"),
    Person(
        "hanako", "100000000000008", "山田 花子 🌸", "花子", "", "山田", "hanako@example.com", note="not Latin",
        locale="ja_JP",
    ),
    Person(
        "mallory", "100000000000009", '<script>alert("x")</script>', "<b>", "", "{{7*7}}", "mallory@example.com",
        note="hostile text in the name",
    ),
    Person(
        "newt", "100000000000010", "Newt", "Newt", "", "", "newt@example.com", note="one name and no picture",
        silhouette=True,
    ),
)  # fmt: skip
