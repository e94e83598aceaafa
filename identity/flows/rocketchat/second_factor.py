"""The second factor of a login at the Rocket.Chat door, given in the same request as the first one.

A challenge that waits is answered as everybody's is; here is only how it is found again, and what a client is told that
has still to answer it. Source: Rocket.Chat contract 7; decision record 0028.
"""

from __future__ import annotations

from identity.domain.errors import Invalid, NotFound
from identity.domain.model import User
from identity.domain.outcome import LoginOutcome, Verdict
from identity.domain.rocketchat_codes import TOTP, Asked, Missing, available_names, chosen, is_sent, name_of
from identity.domain.standing import TwoFactorMethod
from identity.domain.trace import Trace
from identity.flows.configuration.configurations import TenantConfiguration
from identity.flows.login.login_attempt import Visit
from identity.flows.rocketchat.challenges import challenge_id, find_challenge, take_over
from identity.flows.rocketchat.sent_code import see_to_code
from identity.flows.second_factors.method_owner import configuration_for
from identity.flows.second_factors.two_factor_login import TwoFactorRequest, two_factor_login
from identity.flows.services import Services
from identity.store import users
from identity.store.external_identifiers import ExternalIdentifier

NO_CHALLENGE = "The challenge is gone: the password was changed, or the user removed."


def with_second_factor(
    services: Services, outcome: LoginOutcome, visit: Visit, code: str | None, trace: Trace
) -> LoginOutcome:
    """The outcome as it is, unless it asks for a second factor: then how the login ends with this code, or without.

    Raises as `two_factor_login` does, and NotFound: the door was closed meanwhile.
    """
    if outcome.verdict is not Verdict.SECOND_FACTOR_REQUIRED or outcome.ticket is None:
        return outcome
    waiting = take_over(services, outcome.ticket)
    if waiting is None or waiting.user_id is None:
        trace.add(NO_CHALLENGE)
        return LoginOutcome(Verdict.NOT_FOUND)
    methods = outcome.standing.methods
    if code is None:
        return _asked(services, waiting, methods, Missing.REQUIRED)
    two_factor_id = challenge_id(services, waiting.tenant_id, waiting.user_id)
    answered = two_factor_login(services, TwoFactorRequest(two_factor_id, code, visit), trace)
    if answered.verdict is Verdict.WRONG_CODE:
        return _asked(services, waiting, methods, wrong_code(services, waiting, methods))
    if answered.verdict is Verdict.NOT_FOUND and not answered.deactivated:  # the code of another request was faster
        return _asked(services, waiting, methods, Missing.INVALID)
    return answered


def wrong_code(
    services: Services, waiting: ExternalIdentifier, methods: tuple[TwoFactorMethod, ...], wanted: str | None = None
) -> Missing:
    """What a wrong code is called: a code that was sent does not outlive too many of them."""
    method = chosen(methods, wanted)
    if method is None or not is_sent(method) or waiting.user_id is None:
        return Missing.INVALID
    spent = find_challenge(services, waiting.tenant_id, waiting.user_id) is None
    return Missing.MAX_ATTEMPTS if spent else Missing.INVALID


def _asked(
    services: Services, waiting: ExternalIdentifier, methods: tuple[TwoFactorMethod, ...], missing: Missing
) -> LoginOutcome:
    assert waiting.user_id is not None  # every challenge is somebody's
    with services.db.read() as conn:
        user = users.get(conn, waiting.tenant_id, waiting.user_id)
    if user is None:
        return LoginOutcome(Verdict.NOT_FOUND)
    try:
        configuration = configuration_for(services, waiting.tenant_id, waiting.application_id)
    except Invalid:  # the application was switched off meanwhile
        raise NotFound from None
    verdict = Verdict.SECOND_FACTOR_REQUIRED if missing is Missing.REQUIRED else Verdict.WRONG_CODE
    return LoginOutcome(verdict, asked=asked_of(services, configuration, user, methods, missing))


def asked_of(
    services: Services,
    configuration: TenantConfiguration,
    user: User,
    methods: tuple[TwoFactorMethod, ...],
    missing: Missing,
    wanted: str | None = None,
) -> Asked:
    """What a user is told who has to give a second factor; a code is on its way where one can be sent.

    A user who has to have a method and has none is asked all the same: it is set up elsewhere.
    """
    method = chosen(methods, wanted)
    if method is None:
        return Asked(missing, TOTP)
    sent = see_to_code(services, configuration, user, method)
    return Asked(
        missing,
        name_of(method),
        available_names(methods),
        code_generated=sent.generated,
        code_expires=sent.expiry,
        email_or_username=(user.username or user.email or method.email) if is_sent(method) else None,
    )
