"""A connection test: a login that proves a provider's configuration and leaves nothing behind but its steps.

Source: login contract 2.11.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID


@dataclass(frozen=True, slots=True)
class LoginStep:
    """One step of a test. `detail` holds no secret."""

    title: str
    detail: str
    success: bool


@dataclass(frozen=True, slots=True)
class ConnectionTest:
    """A test from its start to its expiry. It has succeeded once a login came all the way through."""

    id: UUID
    provider_id: UUID
    tenant_id: UUID
    insert_instant: int
    expiry: int
    success: bool = False
    subject: str | None = None
    email: str | None = None
    username: str | None = None
    steps: tuple[LoginStep, ...] = ()

    def after(self, *steps: LoginStep) -> ConnectionTest:
        return replace(self, steps=(*self.steps, *steps))

    def proved(self, subject: str, email: str | None, username: str | None) -> ConnectionTest:
        """The test after a login that the provider vouched for."""
        return replace(self, success=True, subject=subject, email=email, username=username)
