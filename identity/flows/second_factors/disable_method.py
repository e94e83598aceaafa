"""Remove or rename a user's second factor. Source: supporting contract section 12.

A code of the method proves the removal; a recovery code removes all of them.
"""

from __future__ import annotations

from functools import partial
from uuid import UUID

from identity.domain.errors import NotFound, WrongCode, invalid_field
from identity.domain.mail import Purpose
from identity.domain.model import Application
from identity.domain.second_factor import EMAIL
from identity.flows.events.announce import Announce, transact
from identity.flows.second_factors.guess_code import authenticator_proved, count_wrong, recovery_code_spent
from identity.flows.second_factors.method_owner import Owner, changed_methods, configuration_for, mail_change
from identity.flows.second_factors.sent_codes import code_hash
from identity.flows.services import Services
from identity.store import external_identifiers, guesses, two_factor, users
from identity.store.db import Connection
from identity.store.external_identifiers import Kind
from identity.store.two_factor import StoredMethod


def rename_method(services: Services, owner: Owner, method_id: str, name: str | None) -> None:
    """Raises NotFound."""
    now, tenant_id, user_id = services.runtime.now(), owner.user.tenant_id, owner.user.id

    def work(conn: Connection) -> None:
        users.lock(conn, tenant_id, user_id)
        if not two_factor.rename_method(conn, tenant_id, user_id, method_id, name):
            raise NotFound
        two_factor.note_change(conn, tenant_id, user_id, now)

    services.db.transact(work, turn=user_id)


def disable_method(
    services: Services, owner: Owner, method_id: str | None, code: str | None, application_id: UUID | None = None
) -> None:
    """`application_id` chooses the mail template. Raises Invalid, NotFound, WrongCode."""
    if code is None:
        raise invalid_field("code", "blank")
    application = configuration_for(services, owner.user.tenant_id, application_id).application
    now, tenant_id, user_id = services.runtime.now(), owner.user.tenant_id, owner.user.id

    def work(conn: Connection, announce: Announce) -> bool:
        before = guesses.lock(conn, tenant_id, user_id)
        if not users.lock(conn, tenant_id, user_id):
            raise NotFound
        if before.locked(now):
            return False
        methods = two_factor.methods_of(conn, tenant_id, user_id)
        if recovery_code_spent(conn, services, tenant_id, user_id, code):
            removed = methods
        else:
            removed = [_named(methods, method_id)]
            if not _proves(conn, services, owner, removed[0], code):
                count_wrong(conn, owner.tenant, user_id, before, now)
                return False
        _remove(conn, services, owner, application, methods, removed)
        left = [kept.method for kept in methods if kept not in removed]
        announce(tenant_id, changed_methods("remove", owner, [kept.method for kept in removed], left))
        return True

    if not transact(services, work, run=partial(services.db.transact, turn=user_id)):
        raise WrongCode


def remove_email_methods(services: Services, owner: Owner, application_id: UUID | None) -> None:
    """All of them, for whoever has just proved a second factor otherwise. Raises NotFound, WebhooksRefused."""
    application = configuration_for(services, owner.user.tenant_id, application_id).application
    tenant_id, user_id = owner.user.tenant_id, owner.user.id

    def work(conn: Connection, announce: Announce) -> None:
        guesses.lock(conn, tenant_id, user_id)
        if not users.lock(conn, tenant_id, user_id):
            raise NotFound
        methods = two_factor.methods_of(conn, tenant_id, user_id)
        removed = [kept for kept in methods if kept.method.method == EMAIL]
        if not removed:
            return
        _remove(conn, services, owner, application, methods, removed)
        left = [kept.method for kept in methods if kept not in removed]
        announce(tenant_id, changed_methods("remove", owner, [kept.method for kept in removed], left))

    transact(services, work, run=partial(services.db.transact, turn=user_id))


def _named(methods: list[StoredMethod], method_id: str | None) -> StoredMethod:
    """Raises Invalid, NotFound."""
    if method_id is None:
        raise invalid_field("methodId", "blank")
    found = next((kept for kept in methods if kept.method.id == method_id), None)
    if found is None:
        raise NotFound
    return found


def _proves(conn: Connection, services: Services, owner: Owner, stored: StoredMethod, code: str) -> bool:
    """Whether the code is this method's."""
    user = owner.user
    if stored.secret is not None:
        return authenticator_proved(conn, services, user.tenant_id, user.id, [stored], code) is not None
    digest = code_hash(services, user.id, stored.method.id, code)
    return two_factor.take_code(conn, user.tenant_id, user.id, stored.method.id, digest, services.runtime.now())


def _remove(
    conn: Connection,
    services: Services,
    owner: Owner,
    application: Application | None,
    methods: list[StoredMethod],
    removed: list[StoredMethod],
) -> None:
    """Take these of a user's methods away; with the last one go recovery codes and trusted computers."""
    tenant_id, user_id = owner.user.tenant_id, owner.user.id
    if len(removed) == len(methods):
        two_factor.remove_methods(conn, tenant_id, user_id)
        external_identifiers.remove_of_user(conn, Kind.TWO_FACTOR_TRUST, tenant_id, user_id)
    for stored in removed:
        two_factor.remove_method(conn, tenant_id, user_id, stored.method.id)
        mail_change(conn, services, owner, application, Purpose.TWO_FACTOR_METHOD_REMOVE, stored.method)
    two_factor.note_change(conn, tenant_id, user_id, services.runtime.now())
