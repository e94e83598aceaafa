"""Second factors in an administrator's change of a user: a method that is named by its id stays, one that is not named
goes, one without an id is new. A request without the member changes none of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from identity.domain.errors import invalid_fields
from identity.domain.mail import Purpose
from identity.domain.model import User
from identity.domain.second_factor import MOST_METHODS
from identity.domain.standing import TwoFactorMethod
from identity.flows.events.announce import Announce
from identity.flows.second_factors.brought_methods import BroughtMethod, method_problems, prepared_methods
from identity.flows.second_factors.method_owner import Owner, changed_methods, mail_change
from identity.flows.services import Services
from identity.store import external_identifiers, two_factor
from identity.store.db import Connection
from identity.store.external_identifiers import Kind
from identity.store.two_factor import StoredMethod

Made = dict[tuple[int, BroughtMethod], StoredMethod]
"""New methods by what asked for them: work that runs again, after webhooks were asked, makes the same ones."""


@dataclass(frozen=True, slots=True)
class Adjustment:
    """What becomes of a user's methods."""

    kept: list[TwoFactorMethod] = field(default_factory=list)
    added: list[StoredMethod] = field(default_factory=list)
    removed: list[TwoFactorMethod] = field(default_factory=list)
    renamed: list[TwoFactorMethod] = field(default_factory=list)

    @property
    def after(self) -> tuple[TwoFactorMethod, ...]:
        return (*self.kept, *(stored.method for stored in self.added))

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.renamed)


def adjustment(services: Services, user: User, wanted: Sequence[BroughtMethod], made: Made) -> Adjustment:
    """Raises Invalid with everything that is wrong at once."""
    known = {method.id: method for method in user.two_factor_methods}
    new = [(index, each) for index, each in enumerate(wanted) if each.id not in known]
    problems = [(f"methods[{index}].{member}", reason) for index, each in new for member, reason in _problems(each)]
    if len(wanted) > MOST_METHODS:
        problems.append(("methods", "tooMany"))
    if problems:
        raise invalid_fields([(f"user.twoFactor.{path}", reason) for path, reason in problems])
    names = {each.id: each.name for each in wanted if each.id in known}
    kept = [replace(method, name=names[method.id]) for method in known.values() if method.id in names]
    for index, each in new:
        if (index, each) not in made:
            taken = [*known, *(stored.method.id for stored in made.values())]
            made[index, each] = prepared_methods(services, user.id, [each], taken)[0]
    return Adjustment(
        kept=kept,
        added=[made[each] for each in new],
        removed=[method for method in known.values() if method.id not in names],
        renamed=[method for method in kept if method.name != known[method.id].name],
    )


def _problems(asked: BroughtMethod) -> list[tuple[str, str]]:
    return [(path.partition(".")[2], reason) for path, reason in method_problems([asked])]


def apply_adjustment(
    conn: Connection, services: Services, owner: Owner, change: Adjustment, announce: Announce, now: int
) -> None:
    """Write it; the caller holds the user's row and bumps their login version."""
    tenant_id, user_id = owner.user.tenant_id, owner.user.id
    if change.removed and not change.after:
        two_factor.remove_methods(conn, tenant_id, user_id)
        external_identifiers.remove_of_user(conn, Kind.TWO_FACTOR_TRUST, tenant_id, user_id)
    for method in change.removed:
        two_factor.remove_method(conn, tenant_id, user_id, method.id)
        mail_change(conn, services, owner, None, Purpose.TWO_FACTOR_METHOD_REMOVE, method)
    for method in change.renamed:
        two_factor.rename_method(conn, tenant_id, user_id, method.id, method.name)
    for stored in change.added:
        two_factor.add_method(conn, tenant_id, user_id, stored, now)
        mail_change(conn, services, owner, None, Purpose.TWO_FACTOR_METHOD_ADD, stored.method)
    announce(tenant_id, changed_methods("remove", owner, change.removed, change.after))
    announce(tenant_id, changed_methods("add", owner, [stored.method for stored in change.added], change.after))
