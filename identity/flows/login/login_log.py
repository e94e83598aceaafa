"""What a login leaves in the event log, written once it has ended, in a short transaction of its own.

A failing log write never fails a login. Source: login contract 6.3 and 8; decisions 25 and 55.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from identity.domain.connectors import Connector
from identity.domain.lambdas import Lambda
from identity.domain.model import ProviderConfig
from identity.domain.precedence import row
from identity.domain.trace import Trace
from identity.outbound.ldap_failure import DirectoryUnavailable
from identity.store import event_log
from identity.store.db import StoreUnavailable
from identity.upstream import UpstreamRefused

if TYPE_CHECKING:
    from identity.flows.services import Services

DEBUG, INFORMATION, ERROR = "Debug", "Information", "Error"
LEVELS = {"debug": DEBUG, "error": ERROR}
"""Console levels that are not Information (login contract 6.3)."""

log = logging.getLogger("identity.login")


@dataclass(slots=True)
class LoginLog:
    """Collects the entries of one login."""

    trace: Trace
    provider: ProviderConfig | None = None
    entries: list[tuple[str, str]] = field(default_factory=list)
    debugged: list[Connector] = field(default_factory=list)
    """Connectors asked by this login that want its steps."""

    def provider_refused(self, refusal: UpstreamRefused) -> None:
        """A refused or failed call always leaves an entry with its reason (decision 55)."""
        self.trace.add(f"The provider did not vouch for the person: [{refusal.code}] {refusal.message}")
        self._add((ERROR, f"{self._title()}\n\n{_in_words(refusal)}"))

    def provider_overlooked(self, failure: UpstreamRefused) -> None:
        """A call failed that the login can do without."""
        self.trace.add(f"The login goes on without: [{failure.code}] {failure.message}")
        self._add((INFORMATION, f"{self._title()} goes on without\n\n{_in_words(failure)}"))

    def directory_failed(self, connector: Connector, failure: DirectoryUnavailable) -> None:
        """A directory that gives no answer always leaves an entry with its reason (decision 55)."""
        self.asked(connector)
        self.trace.add(f"The directory [{connector.name}] is not available: {failure}.")
        self._add((ERROR, f"{_by(connector)}\n\nThe directory is not available: {failure}"))

    def directory_refused(self, connector: Connector, why: str, *, told: bool = False) -> None:
        """The directory vouches for nobody, or in vain; `told` if administrators have to do something about it."""
        self.trace.add(f"The directory [{connector.name}] lets nobody in: {why}")
        if told:
            self._add((ERROR, f"{_by(connector)}\n\n{why}"))

    def asked(self, connector: Connector) -> None:
        """The steps of the login are of interest to whoever debugs this connector."""
        if connector.debug and connector not in self.debugged:
            self.debugged.append(connector)

    def lambda_said(self, source: Lambda, lines: Iterable[tuple[str, str]]) -> None:
        """The console output of one run: all lines of a level in one entry; debug only when the lambda asks for it."""
        by_kind: dict[str, list[str]] = {}
        for level, text in lines:
            by_kind.setdefault(LEVELS.get(level, INFORMATION), []).append(text)
        for kind, texts in by_kind.items():
            if kind != DEBUG or source.debug:
                self._add((kind, f"Lambda [{source.name}] ({source.id})\n\n" + "\n".join(texts)))

    def lambda_failed(self, source: Lambda, kind: str, message: str) -> None:
        detail = message if source.debug else message.partition("\n")[0]
        self.trace.add(f"The lambda [{source.name}] failed: {kind}.")
        self._add((ERROR, f"Lambda [{source.name}] ({source.id}) failed: {kind}\n\n{detail}"))

    def lambda_set_invalid(self, source: Lambda, fields: Iterable[str]) -> None:
        listed = ", ".join(fields)
        self.trace.add(f"The lambda set values that do not fit: {listed}.", row(21))
        self._add((ERROR, f"Lambda [{source.name}] ({source.id}) set values that do not fit: {listed}"))

    def lambda_dropped_roles(self, source: Lambda, roles: Iterable[str]) -> None:
        listed = ", ".join(roles)
        self._add((ERROR, f"Lambda [{source.name}] ({source.id}) named unknown roles: {listed}"))

    def _add(self, entry: tuple[str, str]) -> None:
        """Once: a login that begins again comes by the same places."""
        if entry not in self.entries:
            self.entries.append(entry)

    def write(self, services: Services) -> None:
        """Write the entries, and the steps of the login when the provider's debug is on."""
        entries = [(kind, self._named(message)) for kind, message in self.entries]
        titles = [_by(connector) for connector in self.debugged]
        if self.provider is not None and self.provider.debug:
            titles.append(self._title())
        if titles:
            lines = [f"{_moment(step.instant)} {step.text}" for step in self.trace]
            if self.trace.id:
                lines.insert(0, f"{_moment(self.trace.instant)} This is the login trace {self.trace.id}.")
            entries += [(DEBUG, "\n".join([title, "", *lines])) for title in titles]
        if not entries:
            return
        try:
            with services.db.read() as conn:
                for kind, message in entries:
                    event_log.add(conn, services.runtime.now(), kind, message)
        except StoreUnavailable as error:
            log.warning("the event log could not be written: %s", error)
        except Exception:  # the login has ended by now: whatever ails the log must not undo it
            log.exception("the event log could not be written")

    def _named(self, message: str) -> str:
        """The message with the login's trace in its title."""
        if not self.trace.id:
            return message
        title, gap, rest = message.partition("\n\n")
        return f"{title}, login trace {self.trace.id}{gap}{rest}"

    def _title(self) -> str:
        if self.provider is None:
            return "Login"
        return f"Login through [{self.provider.name}] ({self.provider.type}, {self.provider.id})"


def _by(connector: Connector) -> str:
    return f"Login by the directory [{connector.name}] (LDAP, {connector.id})"


def _in_words(refusal: UpstreamRefused) -> str:
    details = ", ".join(f"{name} {value}" for name, value in sorted(refusal.data.items()))
    return f"[{refusal.code}] {refusal.message} {details}"


def _moment(instant: int) -> str:
    return datetime.fromtimestamp(instant / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
