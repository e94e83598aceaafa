"""The people who have an account at the emulated X, and the ones every emulator starts with."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """One account. `key` names it in the control API; X itself knows only `id` and `screen_name`."""

    key: str
    id: str
    """Decimal digits, as `id_str`; may exceed what a JSON number holds in other languages."""
    screen_name: str
    """Not unique here: the seeds hold a handle that changed hands, with its holder before and now."""
    name: str
    email: str | None = None
    fault: str | None = None
    """The kind of fault that this person's calls always meet, or None."""
    note: str = ""
    """What the account is good for, shown on the pages."""
    location: str = ""
    description: str = ""
    url: str | None = None
    protected: bool = False
    verified: bool = False
    followers_count: int = 12
    friends_count: int = 34
    statuses_count: int = 5
    default_profile_image: bool = False
    created_at: str = "Tue Mar 21 20:50:14 +0000 2017"


SEEDS = (
    Person(
        "alice", "2244994945", "alice", "Alice Adams", "alice@example.com", note="the usual case: an e-mail address",
        location="Loopback", description="Reads OAuth documents for fun. https://example.com/alice",
        url="https://example.com/alice", verified=True, followers_count=4711, friends_count=89, statuses_count=1203,
    ),
    Person("bob", "783214", "bob", "Bob Brown", None, note="X has none of him"),
    Person("carol", "17874544", "carol", "Carol Clark", "carol@example.com", "suspended", "suspended by X (63)"),
    Person("lou", "95731", "locked_lou", "Lou Lock", "lou@example.com", "locked", "temporarily locked by X (326)"),
    Person("tia", "3108351", "tia_tier", "Tia Tier", "tia@example.com", "tier", "refused for the API tier (453)"),
    Person("denny", "6844292", "denny", "Denny Dee", "denny@example.com", "denied", "always refuses consent"),
    Person("erin", "50393960", "erin", "Erin Ellis", "erin at example", note="not valid as an address"),
    Person("frank", "11348282", "frank", "Frank Fox", "", note="X sends an empty one"),
    Person("alice-second", "813286", "alice_at_work", "Alice A.", "Alice@Example.com", note="Alice's address again"),
    Person("dana-before", "1401881", "dana", "Dana (before)", "dana.old@example.com", note="held @dana first"),
    Person("dana-now", "1652541048", "dana", "Dana (now)", "dana.new@example.com", note="took @dana over"),
    Person("max", "1765432109876543210", "max_id", "Max Number", "max@example.com", note="numeric id above 2^53"),
    Person("hanako", "40931430", "hanako", "山田 花子 🌸", "hanako@example.com", note="not Latin", location="東京"),
    Person(
        "mallory", "666673", "mallory", '<script>alert("x")</script>', "mallory@example.com",
        note="hostile text in name and profile", description='"><img src=x onerror=alert(1)>', location="{{7*7}}",
    ),
    Person(
        "newt", "1899999999999999999", "newt", "Newt", "newt@example.com", note="new, empty, protected account",
        protected=True, followers_count=0, friends_count=0, statuses_count=0, default_profile_image=True,
        created_at="Wed Jan 01 00:00:00 +0000 2025",
    ),
)  # fmt: skip
