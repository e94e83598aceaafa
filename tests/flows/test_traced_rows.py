"""For each row of login contract 3.5 that can decide: the trace of a login that it decided names it."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
import requests

from tests.contract.test_read_only_database import set_read_only
from tests.login_world import LOGIN, World
from tests.second_factors import change_tenant
from tests.service import insert_lambda
from tests.troubles import NOBODY_LISTENS

THROWS = "function reconcile() { throw new Error('no'); }"
Cause = Callable[[World], requests.Response]


def broken_json(world: World) -> requests.Response:
    return world.service.call("POST", LOGIN, data=b"{", headers={"Content-Type": "application/json"}, key="")


def another_content_type(world: World) -> requests.Response:
    return world.service.call("POST", LOGIN, data=b"a=b", headers={"Content-Type": "text/plain"}, key="")


def missing_fields(world: World) -> requests.Response:
    return world.post_login({})


def missing_data(world: World) -> requests.Response:
    return world.post_login(world.login_body("alice") | {"data": {}})


def no_tenant_id(world: World) -> requests.Response:
    return world.post_login(world.login_body("alice"), tenant="me")


def unknown_application(world: World) -> requests.Response:
    return world.login("alice", applicationId=str(uuid4()))


def another_tenants_application(world: World) -> requests.Response:
    _, application_id = world.add_tenant("other")
    return world.post_login(world.login_body("alice", applicationId=application_id), tenant=world.service.tenant_id)


def inactive_application(world: World) -> requests.Response:
    assert world.service.call("DELETE", f"/api/application/{world.application_id}").status_code == 200
    return world.login("alice")


def disabled_provider(world: World) -> requests.Response:
    world.configure(enabled=False)
    return world.login("alice")


def unknown_connection_test(world: World) -> requests.Response:
    return world.login("alice", connectionTestId=str(uuid4()))


def failed_exchange(world: World) -> requests.Response:
    body = world.login_body("alice", verifier=True)
    body["data"]["oauth_verifier"] += "x"
    return world.post_login(body)


def refused_credentials(world: World) -> requests.Response:
    world.x.fault("invalid_token")
    return world.login("alice")


def no_id(world: World) -> requests.Response:
    world.x.fault("missing_id")
    return world.login("alice")


def forbidden_link(world: World) -> requests.Response:
    return world.login("alice", noLink=True)


def disabled_strategy(world: World) -> requests.Response:
    world.strategy("Disabled")
    return world.login("alice")


def pending_strategy(world: World) -> requests.Response:
    world.strategy("CreatePendingLink")
    return world.login("alice")


def no_email(world: World) -> requests.Response:
    return world.login("bob")


def lambda_throws_early(world: World) -> requests.Response:
    world.reconcile_with(THROWS)
    return world.login("bob")


def no_user_of_that_email(world: World) -> requests.Response:
    world.strategy("LinkByEmailForExistingUser")
    return world.login("alice")


def deactivated(world: World) -> requests.Response:
    user_id = world.logged_in("alice")["user"]["id"]
    assert world.service.call("DELETE", f"/api/user/{user_id}").status_code == 200
    return world.login("alice")


def expired(world: World) -> requests.Response:
    user_id = world.logged_in("alice")["user"]["id"]
    world.change_user(user_id, expiry=world.service.services.runtime.now() - 1)
    return world.login("alice")


def prevented(world: World) -> requests.Response:
    user_id = world.logged_in("alice")["user"]["id"]
    definition = {"userAction": {"name": "Ban", "temporal": True, "preventLogin": True}}
    made = world.service.call("POST", "/api/user-action", definition)
    assert made.status_code == 200, made.text
    ends = world.service.services.runtime.now() + 3_600_000
    action = {"actioneeUserId": user_id, "userActionId": made.json()["userAction"]["id"], "expiry": ends}
    answer = world.service.call("POST", "/api/user/action", {"action": action | {"actionerUserId": user_id}})
    assert answer.status_code == 200, answer.text
    return world.login("alice")


def too_many_links(world: World) -> requests.Response:
    user = world.add_user(email="alice@example.com")
    world.link(userId=user["id"], identityProviderUserId="1")
    world.configure(**world.limit(1))
    return world.login("alice")


def lambda_throws(world: World) -> requests.Response:
    world.reconcile_with(THROWS)
    return world.login("alice")


def lambda_takes_a_name(world: World) -> requests.Response:
    world.add_user(email="taken@example.com")
    world.reconcile_with("function reconcile(user) { user.email = 'taken@example.com'; }")
    return world.login("alice")


def read_only(world: World) -> requests.Response:
    url = world.service.services.settings.database.url
    body = world.login_body("alice")
    set_read_only(url, True)
    try:
        return world.post_login(body)
    finally:
        set_read_only(url, False)
        world.until_it_reads()


def validate_with(world: World, source: str) -> None:
    with world.service.services.db.transaction() as conn:
        lambda_id = insert_lambda(conn, "LoginValidation")
        conn.execute("UPDATE lambdas SET body = %s WHERE id = %s", (source, lambda_id))
    change = {"tenant": {"lambdaConfiguration": {"loginValidationId": str(lambda_id)}}}
    assert world.service.call("PATCH", f"/api/tenant/{world.service.tenant_id}", change).status_code == 200


def lambda_objects(world: World) -> requests.Response:
    validate_with(world, "function validate(result) { result.errors.generalErrors = [{code: '[No]', message: 'n'}]; }")
    return world.login("alice")


def validation_throws(world: World) -> requests.Response:
    validate_with(world, "function validate() { throw new Error('no'); }")
    return world.login("alice")


def second_factor(world: World) -> requests.Response:
    user_id = world.logged_in("alice")["user"]["id"]
    with world.service.services.db.transaction() as conn:
        conn.execute(
            "INSERT INTO two_factor_methods (tenant_id, user_id, id, method, email, insert_instant)"
            " VALUES (%s, %s, 'ABCD', 'email', 'alice@example.com', 1)",
            (world.service.tenant_id, UUID(user_id)),
        )
    tenant = {"multiFactorConfiguration": {"email": {"enabled": True}}}
    world.service.call("PATCH", f"/api/tenant/{world.service.tenant_id}", {"tenant": tenant})
    return world.login("alice")


def password_change(world: World) -> requests.Response:
    user = world.add_user(email="alice@example.com", passwordChangeRequired=True)
    assert user["passwordChangeRequired"]
    return world.login("alice")


def unverified_email(world: World) -> requests.Response:
    tenant = {"emailConfiguration": {"verifyEmail": True}}
    answer = world.service.call("PATCH", f"/api/tenant/{world.service.tenant_id}", {"tenant": tenant})
    assert answer.status_code == 200, answer.text
    user = world.add_user(email="other@example.com")
    subject = world.x.person("alice")["id"]
    world.link(userId=user["id"], identityProviderUserId=subject)
    return world.login("alice")


def unverified_registration(world: World) -> requests.Response:
    application = {"application": {"verifyRegistration": True}}
    answer = world.service.call("PATCH", f"/api/application/{world.application_id}", application)
    assert answer.status_code == 200, answer.text
    user = world.add_user(email="alice@example.com")
    registration = {"registration": {"applicationId": world.application_id}}
    world.service.call("POST", f"/api/user/registration/{user['id']}", registration)
    return world.login("alice")


def not_registered(world: World) -> requests.Response:
    world.configure(**world.override(createRegistration=False))
    return world.login("alice")


def nothing_against(world: World) -> requests.Response:
    return world.login("alice")


def vetoed_by_webhooks(world: World, event: str) -> requests.Response:
    """By one that must agree, and where nobody listens."""
    tenant_id = str(world.service.tenant_id)
    webhook = {
        "url": NOBODY_LISTENS,
        "connectTimeout": 1000,
        "readTimeout": 1000,
        "tenantIds": [tenant_id],
        "eventsEnabled": {event: True},
    }
    assert world.service.call("POST", "/api/webhook", {"webhook": webhook}).status_code == 200
    events = {event: {"enabled": True, "transactionType": "AbsoluteMajority"}}
    change_tenant(world, eventConfiguration={"events": events})
    return world.login("alice")


def vetoed_user(world: World) -> requests.Response:
    return vetoed_by_webhooks(world, "user.create")


def vetoed_login(world: World) -> requests.Response:
    return vetoed_by_webhooks(world, "user.login.success")


CAUSES: list[tuple[int, int, Cause]] = [
    (1, 400, broken_json),
    (1, 400, another_content_type),
    (2, 400, missing_fields),
    (2, 400, missing_data),
    (2, 400, no_tenant_id),
    (3, 400, unknown_application),
    (3, 400, another_tenants_application),
    (4, 401, inactive_application),
    (5, 401, disabled_provider),
    (6, 401, unknown_connection_test),
    (7, 401, failed_exchange),
    (8, 401, refused_credentials),
    (9, 401, no_id),
    (11, 404, forbidden_link),
    (12, 404, disabled_strategy),
    (13, 232, pending_strategy),
    (14, 401, no_email),
    (14, 512, lambda_throws_early),
    (15, 401, no_user_of_that_email),
    (16, 404, deactivated),
    (17, 410, expired),
    (18, 409, prevented),
    (19, 401, too_many_links),
    (20, 512, lambda_throws),
    (21, 400, lambda_takes_a_name),
    (22, 504, vetoed_user),
    (23, 503, read_only),
    (25, 400, lambda_objects),
    (25, 512, validation_throws),
    (26, 242, second_factor),
    (27, 203, password_change),
    (28, 212, unverified_email),
    (29, 213, unverified_registration),
    (30, 504, vetoed_login),
    (31, 202, not_registered),
    (32, 200, nothing_against),
]
"""The row, the status it gives, and how it comes to decide."""


@pytest.mark.parametrize(("row", "status", "cause"), CAUSES, ids=[cause.__name__ for _, _, cause in CAUSES])
def test_for_each_reachable_row_of_3_5_the_trace_of_the_headers_id_names_the_row(
    world: World, row: int, status: int, cause: Cause
) -> None:
    answer = cause(world)
    assert answer.status_code == status, answer.text
    trace = world.trace_of(answer)
    assert (trace["status"], trace["rule"]) == (status, f"3.5 row {row}")


def test_every_row_that_ends_a_login_is_here() -> None:
    """10 and 13b lead on to others, 24 is a commit."""
    assert {row for row, _, _ in CAUSES} == set(range(1, 33)) - {10, 24}
