"""Recovery codes: ten that each work once, in place of any other second factor. Source: supporting contract section 12.

They are sealed and not hashed: 40 bits of a hash are soon searched, and the documented read gives back what is left.
"""

from __future__ import annotations

from identity.domain.errors import NotFound
from identity.domain.second_factor import new_recovery_codes
from identity.flows.second_factors.method_owner import Owner
from identity.flows.services import Services
from identity.store import two_factor, users
from identity.store.db import Connection
from identity.store.two_factor import RecoveryCode, recovery_place


def renew_recovery_codes(services: Services, owner: Owner) -> list[str]:
    """Ten fresh ones; the former ones stop working. Raises NotFound."""
    now, user = services.runtime.now(), owner.user

    def work(conn: Connection) -> list[str]:
        if not users.lock(conn, user.tenant_id, user.id):
            raise NotFound
        codes = save_recovery_codes(conn, services, owner, now)
        two_factor.note_change(conn, user.tenant_id, user.id, now)
        return codes

    return services.db.transact(work, turn=user.id)


def save_recovery_codes(conn: Connection, services: Services, owner: Owner, now: int) -> list[str]:
    """Replace the user's recovery codes by fresh ones."""
    codes = new_recovery_codes(services.runtime.random_bytes)
    sealed = []
    for code in codes:
        code_id = services.runtime.new_id()
        sealed.append(RecoveryCode(code_id, services.sealer.seal(code, recovery_place(owner.user.id, code_id))))
    two_factor.replace_recovery_codes(conn, owner.user.tenant_id, owner.user.id, sealed, now)
    return codes


def recovery_codes_left(services: Services, owner: Owner) -> list[str]:
    with services.db.read() as conn:
        kept = two_factor.recovery_codes(conn, owner.user.tenant_id, owner.user.id)
    return [services.sealer.open(code.code, recovery_place(owner.user.id, code.id)) for code in kept]
