"""A login that is proved but misses a step: what is kept of it, so that it goes on after the step (hosted pages).

The secret of the proof never leaves the sealed state of one browser; it works once, and not for long.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID

from identity.domain.model import Device
from identity.domain.outcome import Door
from identity.flows.login.login_attempt import BeginAgain, Entry, Person
from identity.flows.services import Services
from identity.store import external_identifiers, logins
from identity.store.db import Connection, InUse
from identity.store.external_identifiers import ExternalIdentifier, Kind
from identity.store.logins import LinkUse

LIVES_MILLISECONDS = 600_000
"""Ten minutes for a step: as long as a mailed code lives at most (security section 1, V6.5.5)."""


@dataclass(frozen=True, slots=True)
class ProvedLogin:
    """How somebody came in and what they proved."""

    door: Door
    authentication_type: str
    provider_id: UUID | None = None
    link: LinkUse | None = None
    device: Device = field(default_factory=Device)
    meta_data: Mapping[str, Any] = field(default_factory=dict)
    second_factor_done: bool = False
    auth_instant: int | None = None
    vouched_for: bool = False

    @classmethod
    def of(cls, identifier: ExternalIdentifier) -> ProvedLogin:
        kept = dict(identifier.data)
        provider_id, link = kept["provider_id"], kept["link"]
        return cls(
            **kept
            | {
                "door": Door(kept["door"]),
                "provider_id": UUID(provider_id) if provider_id else None,
                "link": LinkUse(**link | {"provider_id": UUID(link["provider_id"])}) if link else None,
                "device": Device(**kept["device"]),
            }
        )

    def data(self) -> dict[str, Any]:
        """What the identifier keeps."""
        kept = asdict(self) | {"door": self.door.value}
        kept["provider_id"] = str(self.provider_id) if self.provider_id else None
        if self.link is not None:
            kept["link"]["provider_id"] = str(self.link.provider_id)
        return kept


def keep(services: Services, entry: Entry, person: Person) -> str:
    """The secret by which the login goes on. Raises BeginAgain when what it stands on is not so any more."""
    proved = ProvedLogin(
        door=entry.door,
        authentication_type=entry.authentication_type,
        provider_id=entry.provider.config.id if entry.provider else None,
        link=entry.link,
        device=entry.visit.device,
        meta_data=entry.visit.meta_data,
        second_factor_done=entry.second_factor_done,
        auth_instant=entry.auth_instant,
        vouched_for=entry.vouched_for,
    )
    now, secret = services.runtime.now(), services.runtime.new_secret()
    identifier = ExternalIdentifier(
        Kind.PROVED_LOGIN,
        entry.tenant_id,
        now,
        now + LIVES_MILLISECONDS,
        user_id=person.user.id,
        application_id=entry.application_id,
        data=proved.data(),
        state=entry.visit.state,
    )

    def work(conn: Connection) -> None:
        # Else a proof by a password that is being changed would outlive it.
        if not logins.holds_still(conn, entry.tenant_id, person.user.id, person.standing.login_version):
            raise BeginAgain
        external_identifiers.add(conn, secret, identifier)

    try:
        services.db.transact(work)
    except InUse:
        raise BeginAgain from None
    return secret
