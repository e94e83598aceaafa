"""Browsers that are signed in, for tests below the pages: a login, the session it begins, and what it is good for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from identity.domain.outcome import LoginOutcome, Verdict
from identity.domain.trace import Trace
from identity.flows.configuration.configurations import TenantConfiguration
from identity.flows.hosted import sso_session
from identity.flows.hosted.sso_session import Continued, SsoSession
from identity.flows.login.login_attempt import Visit
from identity.flows.login.password_login import PasswordRequest, log_in
from identity.store.refresh_tokens import hash_of
from tests.login_world import World
from tests.password_door import PASSWORD, Door

VISIT = Visit(ip_address="192.0.2.7", no_jwt=True, resumable=True)


@dataclass
class SignedIn:
    """Somebody of the default tenant at a browser of theirs."""

    world: World
    door: Door = field(init=False)
    user_id: str = field(init=False)

    def __post_init__(self) -> None:
        self.door = Door(self.world)
        self.user_id = self.door.add_user()

    def configuration(self, application_id: str | None = None) -> TenantConfiguration:
        configurations = self.world.service.services.configurations
        configurations.forget_unless_current()
        found = configurations.application(UUID(application_id or self.world.application_id))
        assert found is not None
        return found

    def log_in(self, **members: Any) -> LoginOutcome:
        services = self.world.service.services
        request = PasswordRequest(
            VISIT,
            keyed=True,
            application_id=UUID(self.world.application_id),
            login_id=self.door.email,
            password=PASSWORD,
            **members,
        )
        return log_in(services, request, Trace(services.runtime.now))

    def begin(
        self, former: str | None = None, *, remember: bool = True, outcome: LoginOutcome | None = None
    ) -> SsoSession | None:
        services = self.world.service.services
        outcome = outcome or self.log_in()
        assert outcome.verdict is Verdict.LOGGED_IN
        return sso_session.begin(services, self.configuration(), outcome, VISIT, former, remember=remember)

    def session(self, former: str | None = None) -> SsoSession:
        begun = self.begin(former)
        assert begun is not None
        return begun

    def go_on(self, token: str, application_id: str | None = None, most_age: int | None = None) -> Continued | None:
        services = self.world.service.services
        configuration = self.configuration(application_id)
        return sso_session.log_in_again(
            services, token, configuration, VISIT, Trace(services.runtime.now), most_age=most_age
        )

    def verdict(self, token: str, application_id: str | None = None) -> Verdict | None:
        """How a login by the session ends; None when the session is over."""
        continued = self.go_on(token, application_id)
        return continued.outcome.verdict if continued else None

    def is_stored(self, token: str) -> bool:
        return bool(self.world.rows("SELECT 1 FROM refresh_tokens WHERE token_hash = %s", hash_of(token)))
