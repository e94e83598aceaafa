"""Logins at the Rocket.Chat door by password and by a token of an earlier login.

A password login is that of every other door; this one only says how a login id is looked for, and that its own token
is to leave with the login.
"""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from identity.domain.contact import canonical
from identity.domain.errors import Invalid, NotFound
from identity.domain.outcome import LoginOutcome, Verdict
from identity.domain.rocketchat_forms import Looked, PasswordForm, ResumeForm
from identity.domain.trace import Trace
from identity.flows.configuration.configurations import ApplicationConfiguration
from identity.flows.login import password_login
from identity.flows.login.login_attempt import Visit
from identity.flows.login.password_login import PasswordRequest
from identity.flows.rocketchat.tokens import find_token, judge_session
from identity.flows.services import Services
from identity.store import rocketchat_ids, users

UNKNOWN_TOKEN = "rocket 5.3"  # noqa: S105 (a rule's name)
TYPES = {
    Looked.USERNAME: ("username",),
    Looked.EMAIL: ("email",),
    Looked.EMAIL_THEN_USERNAME: ("email", "username"),
}


def visit_at_door(services: Services, configuration: ApplicationConfiguration, visit: Visit) -> Visit:
    """What is true of every login here: its own token instead of ours, and a password that may be changed later."""
    return replace(
        visit,
        tenant_id=configuration.tenant.id,
        no_jwt=True,
        change_can_wait=True,
        chat_token=services.runtime.new_secret(),
    )


def password_request(
    services: Services, configuration: ApplicationConfiguration, form: PasswordForm, visit: Visit
) -> PasswordRequest:
    """What the form asks of the password login. `visit` is one of `visit_at_door`."""
    login_id, types = _sought(services, configuration.tenant.id, form)
    return PasswordRequest(
        visit=visit,
        keyed=True,  # it is the operator who opens this door, not the holder of a key
        application_id=configuration.application_id,
        login_id=login_id,
        login_id_types=types,
        password=form.password.text,
        digest=form.password.digest,
    )


def log_in_by_password(services: Services, request: PasswordRequest, trace: Trace) -> LoginOutcome:
    """Raises NotFound (the door was closed meanwhile), TooManyRequests, StoreUnavailable, WebhooksRefused."""
    try:
        return password_login.log_in(services, request, trace)
    except Invalid:  # the application is gone or was switched off
        raise NotFound from None


def _sought(services: Services, tenant_id: UUID, form: PasswordForm) -> tuple[str, tuple[str, ...]]:
    """The login id, and where the password login is to look for it."""
    if form.looked in TYPES:
        return form.login_id, TYPES[form.looked]
    with services.db.read() as conn:
        if form.looked is Looked.ID:
            user = rocketchat_ids.find_user(conn, tenant_id, form.login_id)
            if user is None or (user.username or user.email) is None:
                return form.login_id, ()
            return (user.username, ("username",)) if user.username else (user.email or "", ("email",))
        name = canonical(form.login_id.strip())
        known = users.find_by_canonical(conn, tenant_id, username=name) is not None
    return form.login_id, ("username",) if known else ("email",)


def resume(services: Services, form: ResumeForm, trace: Trace) -> LoginOutcome:
    """The same token again, for somebody who may still come in; a second factor was done when it was made.

    Raises NotFound, StoreUnavailable.
    """
    session = find_token(services, form.token)
    if session is None:
        trace.add("The token is unknown, or has expired.", UNKNOWN_TOKEN)
        return LoginOutcome(Verdict.REFUSED)
    trace.user_id = session.user.id
    trace.add("The token is right.")
    verdict, rule = judge_session(services, session)
    trace.add(f"The gates say {verdict.name} ({verdict.value}).", rule)
    if verdict is not Verdict.LOGGED_IN:
        return LoginOutcome(verdict, deactivated=not session.user.active)
    return LoginOutcome(
        verdict,
        user=session.user,
        registrations=session.registrations,
        standing=session.standing,
        chat_token=form.token,
        completed=True,
    )
