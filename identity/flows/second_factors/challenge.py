"""A two-factor challenge: what its external identifier keeps until it is answered, and how a new one is made.

Nothing in it is a secret in clear: codes are digests that the two-factor id itself enters, which is not stored, and the
provider's tokens are sealed.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any
from uuid import UUID

from identity.domain.model import Device
from identity.domain.second_factor import COUNTED_ONCE_MILLISECONDS, typed
from identity.store.external_identifiers import ExternalIdentifier
from identity.store.logins import LinkUse


@dataclass(frozen=True, slots=True)
class SentCode:
    """The one code that was sent for a challenge last; earlier ones have stopped working."""

    digest: str
    expiry: int
    method_id: str | None = None
    """None: it was handed to the caller of an API and not sent."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """How somebody came in, and what was tried so far."""

    authentication_type: str
    provider_id: UUID | None = None
    link: LinkUse | None = None
    device: Device = field(default_factory=Device)
    meta_data: Mapping[str, Any] = field(default_factory=dict)
    started: bool = False
    """Whether it was begun through the API and not by a login: its answer earns a trust token."""

    trust_challenge: str | None = None
    configures: bool = False
    """Whether the user has to set up a method before it can be answered (D10)."""

    configured: bool = False
    """Whether the user has set one up in answer to it."""

    weak_password: bool = False
    """Whether the password that came first is one that the tenant would not take today (validateOnLogin)."""

    auth_instant: int | None = None
    """When the person proved who they are, if an SSO session brought them."""

    vouched_for: bool = False
    """Whether it was a provider who vouched for them then."""

    sent: SentCode | None = None
    wrong: int = 0
    wrong_codes: Mapping[str, int] = field(default_factory=dict)
    """Digests of wrong codes, with the instant at which each was counted last."""

    @classmethod
    def of(cls, identifier: ExternalIdentifier) -> Challenge:
        kept = dict(identifier.data)
        provider_id, link, sent = kept["provider_id"], kept["link"], kept["sent"]
        return cls(
            **kept
            | {
                "provider_id": UUID(provider_id) if provider_id else None,
                "link": LinkUse(**link | {"provider_id": UUID(link["provider_id"])}) if link else None,
                "device": Device(**kept["device"]),
                "sent": SentCode(**sent) if sent else None,
            }
        )

    def data(self) -> dict[str, Any]:
        """What the identifier keeps."""
        kept = asdict(self)
        kept["provider_id"] = str(self.provider_id) if self.provider_id else None
        if self.link is not None:
            kept["link"]["provider_id"] = str(self.link.provider_id)
        return kept

    def expects(self, two_factor_id: str, code: str, now: int) -> bool:
        """Whether this is the code that was sent last."""
        if self.sent is None or self.sent.expiry <= now:
            return False
        given = {digest_of(two_factor_id, text) for text in (code, typed(code))}
        return any(hmac.compare_digest(self.sent.digest, each) for each in given)

    def with_wrong(self, two_factor_id: str, code: str, now: int) -> Challenge:
        """Count a wrong code, one and the same at most once within a second (decision 27)."""
        digest = digest_of(two_factor_id, code)
        counted = self.wrong_codes.get(digest)
        if counted is not None and abs(now - counted) < COUNTED_ONCE_MILLISECONDS:
            return self
        return replace(self, wrong=self.wrong + 1, wrong_codes={**self.wrong_codes, digest: now})


def digest_of(two_factor_id: str, code: str) -> str:
    """A code as a challenge keeps it: worthless without the two-factor id."""
    return hashlib.sha256(f"{two_factor_id}/{code}".encode("utf-8", "surrogatepass")).hexdigest()
