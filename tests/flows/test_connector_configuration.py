"""A login's copy of the configuration carries the tenant's connectors, and is as old as the newest of them."""

from __future__ import annotations

from uuid import UUID

from identity.domain.model import BUILT_IN_CONNECTOR_ID
from identity.flows.configuration.configurations import TenantConfiguration
from tests.connectors import BUILT_IN, CONNECTOR, add_connector, policy
from tests.login_world import World


def copy_of(world: World, *, of_application: bool = False) -> TenantConfiguration:
    """The copy that a login which began now would stand on."""
    copies = world.service.services.configurations
    copies.forget_unless_current()
    found = copies.application(UUID(world.application_id)) if of_application else copies.tenant(world.service.tenant_id)
    assert found is not None
    return found


def use(world: World, *policies: dict[str, object]) -> None:
    path = f"/api/tenant/{world.service.tenant_id}"
    tenant = world.service.call("GET", path).json()["tenant"] | {"connectorPolicies": list(policies)}
    answer = world.service.call("PUT", path, {"tenant": tenant})
    assert answer.status_code == 200, answer.text


def test_a_tenant_alone_has_the_built_in_connector(world: World) -> None:
    connectors = copy_of(world).connectors
    assert [each.connector_id for each in connectors.policies] == [BUILT_IN_CONNECTOR_ID]
    assert connectors.directories == {}


def test_the_copies_of_tenant_and_application_hold_policies_directories_and_their_lambdas(world: World) -> None:
    made = add_connector(world.service, systemAccountPassword="the reader's")
    use(world, policy(made["id"], domains=["example.com"], migrate=True), policy(BUILT_IN))
    for of_application in (False, True):
        connectors = copy_of(world, of_application=of_application).connectors
        first, second = connectors.policies
        assert (str(first.connector_id), first.domains, first.migrate) == (made["id"], {"example.com"}, True)
        assert second.is_built_in
        [directory] = connectors.directories.values()
        assert str(directory.connector.id) == made["id"]
        assert directory.connector.system_account_password == "the reader's"
        assert str(directory.reconcile.id) == made["lambdaConfiguration"]["reconcileId"]


def test_a_connector_that_the_tenant_does_not_use_is_not_in_its_copy(world: World) -> None:
    add_connector(world.service)
    assert copy_of(world).connectors.directories == {}


def test_a_change_of_the_connector_or_its_lambda_makes_the_copy_old(world: World) -> None:
    made = add_connector(world.service)
    use(world, policy(made["id"]), policy(BUILT_IN))
    before = copy_of(world)
    changed = world.service.call("PATCH", f"{CONNECTOR}/{made['id']}", {"connector": {"readTimeout": 77}})
    assert changed.status_code == 200, changed.text
    [directory] = copy_of(world).connectors.directories.values()
    assert directory.connector.read_timeout == 77
    path = f"/api/lambda/{made['lambdaConfiguration']['reconcileId']}"
    body = {"lambda": {"body": "function reconcile(user) { user.username = 'other'; }"}}
    assert world.service.call("PATCH", path, body).status_code == 200
    [again] = copy_of(world).connectors.directories.values()
    assert "other" in again.reconcile.body
    assert before.version < copy_of(world).version


def test_only_a_directory_that_merges_is_asked_for_the_services_own_users(world: World) -> None:
    merging = add_connector(world.service, data={"mergeExistingUsers": True})
    use(world, policy(merging["id"]), policy(add_connector(world.service)["id"]), policy(BUILT_IN))
    asked = copy_of(world).connectors.to_ask("jane", BUILT_IN_CONNECTOR_ID)
    assert [str(each.connector_id) for each in asked] == [merging["id"], BUILT_IN]
