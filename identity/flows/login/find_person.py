"""Rows 10 to 15 of login contract 3.5: whose login is this? A linked user, a matched one, or a draft of a new one."""

from __future__ import annotations

from dataclasses import dataclass, replace

from identity.domain.contact import canonical
from identity.domain.linking import Key, LinkDecision, MatchUser, UseLink, claimed
from identity.domain.model import BUILT_IN_CONNECTOR_ID, Claims, User
from identity.domain.user_rules import stored_email
from identity.flows.login.drafted_user import drafted_user
from identity.flows.login.login_attempt import Attempt, Context, Person
from identity.flows.login.run_reconcile import run_reconcile
from identity.flows.services import Services
from identity.store import logins

MISSING = {
    Key.EMAIL: ("MissingEmail", "The provider returned no e-mail address."),
    Key.USERNAME: ("MissingUsername", "The provider returned no user name."),
}
NO_SUCH_USER = {
    Key.EMAIL: ("UserDoesNotExistByEmail", "There is no user with the e-mail address that the provider returned."),
    Key.USERNAME: ("UserDoesNotExistByUsername", "There is no user with the user name that the provider returned."),
}


@dataclass(frozen=True, slots=True)
class Nobody:
    """The login is refused: 401 with this code."""

    code: str
    message: str


def find_person(
    services: Services,
    attempt: Attempt,
    context: Context,
    claims: Claims,
    decision: LinkDecision,
    linked: logins.KnownUser | None,
) -> Person | Nobody:
    """Raises Invalid and LambdaFailed when the lambda has to run early and does badly (row 14)."""
    match decision:
        case UseLink():
            assert linked is not None
            return Person(linked.user, linked.registrations, linked.standing)
        case MatchUser():
            return _match(services, attempt, context, claims, decision)
        case _:
            return Person(draft(services, context), stored=False, linked=False)


def _match(
    services: Services, attempt: Attempt, context: Context, claims: Claims, decision: MatchUser
) -> Person | Nobody:
    own = claimed(claims, decision.key)
    if own is None:
        return _by_lambda(services, attempt, context, claims, decision)
    with services.db.read() as conn:
        known = logins.find_by_key(conn, context.tenant_id, decision.key.value, canonical(own))
    if known is not None:
        attempt.trace.add(f"The {decision.key.value} belongs to user {known.user.id}.")
        return Person(known.user, known.registrations, known.standing, linked=False, matched_by=decision.key)
    if not decision.may_create:
        return Nobody(*NO_SUCH_USER[decision.key])
    attempt.trace.add(f"No user has this {decision.key.value}: one will be created.")
    named = {"email": stored_email(own)} if decision.key is Key.EMAIL else {"username": own}
    return Person(draft(services, context, **named), stored=False, linked=False)


def _by_lambda(
    services: Services, attempt: Attempt, context: Context, claims: Claims, decision: MatchUser
) -> Person | Nobody:
    """The provider named no key: the lambda may fill the gap. What it sets may create a user, never match one."""
    if context.provider.reconcile is None:
        return Nobody(*MISSING[decision.key])
    blank = Person(draft(services, context), stored=False, linked=False)
    filled = run_reconcile(services, attempt, context, claims, blank)
    if getattr(filled.user, decision.key.value) is None:
        return Nobody(*MISSING[decision.key])
    return blank if decision.may_create else Nobody(*NO_SUCH_USER[decision.key])


def draft(services: Services, context: Context, *, email: str | None = None, username: str | None = None) -> User:
    """A user that a provider makes."""
    new_id, now = services.runtime.new_id(), services.runtime.now()
    return replace(drafted_user(context.tenant_id, new_id, BUILT_IN_CONNECTOR_ID, now), email=email, username=username)
