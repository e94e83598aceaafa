"""After a login with the right password: store it as the tenant hashes now (modifyEncryptionSchemeOnLogin).

It is the same password, so nothing that a login stands on has changed.
"""

from __future__ import annotations

from identity import hashing
from identity.domain.model import Tenant, User
from identity.domain.user_rules import UserRules
from identity.flows.services import Services
from identity.hashing import Hashed
from identity.store import passwords


def upgrade_password(services: Services, tenant: Tenant, user: User, password: str, stored: Hashed) -> None:
    rules = UserRules.of(tenant.settings)
    scheme, factor = rules.encryption_scheme, rules.encryption_scheme_factor
    cost = hashing.SCHEMES[scheme].default if factor is None else factor
    if stored.is_made_by(scheme, cost) or not rules.upgrades_on_login:
        return
    if hashing.problems(password, scheme, factor):
        return  # too long for bcrypt, say: it stays as it is
    new = hashing.hash_password(password, scheme, factor, services.runtime.random_bytes)
    with services.db.read() as conn:
        passwords.replace_hash(conn, user.tenant_id, user.id, stored, new)
