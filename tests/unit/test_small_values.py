"""The small values that the rules are made of: errors, traces, masks, connection tests, decisions in words."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from identity.domain.connection_test import ConnectionTest, LoginStep
from identity.domain.errors import TooManyRequests, invalid_field, invalid_fields, invalid_request
from identity.domain.keys import KeyAlgorithm, KeyType, SigningKey
from identity.domain.lambdas import LambdaType
from identity.domain.linking import Key, LinkDecision, MatchUser, UseLink
from identity.domain.mail import MessageTemplate, write_message
from identity.domain.model import Application, Claims, Group, LinkLimit, Membership, Role
from identity.domain.redact import mask, mask_email, mask_phone, secret_values, without
from identity.domain.trace import Step, Trace
from tests.unit.test_user_wire import FULL_USER

ID = UUID("00000000-0000-4000-8000-000000000001")


def test_a_field_error_has_its_reason_and_path_and_wrong_json_stands_without_a_path() -> None:
    [problem] = invalid_field("user.email", "blank").field_errors["user.email"]
    assert problem.code == "[blank]user.email"
    [wrong] = invalid_field("user.active", "invalidJSON", "Own words.").field_errors["user.active"]
    assert (wrong.code, wrong.message) == ("[invalidJSON]", "Own words.")


def test_several_errors_are_kept_by_field_in_one_refusal() -> None:
    refusal = invalid_fields([("a", "blank"), ("b", "missing"), ("a", "tooLong")])
    assert {path: [item.code for item in items] for path, items in refusal.field_errors.items()} == {
        "a": ["[blank]a", "[tooLong]a"],
        "b": ["[missing]b"],
    }
    assert str(refusal) == "a, b"


def test_a_general_error_carries_its_data() -> None:
    [problem] = invalid_request("TenantIdRequired", "Name one.", {"tenants": 2}).general_errors
    assert (problem.code, dict(problem.data)) == ("[TenantIdRequired]", {"tenants": 2})


def test_who_comes_too_often_is_told_when_to_come_again() -> None:
    refusal = TooManyRequests(7)
    assert (refusal.retry_after_seconds, str(refusal)) == (7, "again in 7 s")


def test_a_trace_keeps_its_steps_in_order_with_their_instants() -> None:
    instants = iter([1, 2])
    trace = Trace(lambda: next(instants))
    trace.add("first")
    trace.add("second")
    assert list(trace) == [Step(1, "first"), Step(2, "second")]


def test_a_secret_is_shown_as_its_length_and_the_beginning_of_its_hash() -> None:
    assert mask("secret") == "<6 characters, sha256 2bb80d53>"
    assert mask(None) == "<absent>"


@pytest.mark.parametrize(
    ("email", "shown"),
    [("alice@example.com", "a***@example.com"), (None, "<absent>"), ("", "<absent>"), ("secret", mask("secret"))],
)
def test_an_email_is_shown_by_its_first_letter_and_domain(email: str | None, shown: str) -> None:
    assert mask_email(email) == shown


@pytest.mark.parametrize(("number", "shown"), [("+49 170 1234567", "***67"), ("7", "***7"), ("", "***")])
def test_a_telephone_number_is_shown_by_its_last_two_digits(number: str, shown: str) -> None:
    assert mask_phone(number) == shown


def test_secrets_are_found_by_their_names_anywhere_in_a_document_and_masked_longest_first() -> None:
    document = {"identityProvider": {"consumerSecret": "abcdef", "name": "abc"}, "list": [{"password": "abcd"}, 7]}
    secrets = secret_values(document)
    assert secrets == {"abcdef", "abcd"}
    assert without("abcdef abcd abc", secrets) == f"{mask('abcdef')} {mask('abcd')} abc"


def test_what_is_too_short_to_be_a_secret_is_left_alone() -> None:
    assert secret_values({"password": "abc"}) == set()


def test_a_connection_test_grows_by_steps_and_is_proved_by_a_login() -> None:
    test = ConnectionTest(ID, ID, ID, 1, 2)
    step = LoginStep("Login", "fine", True)
    proved = test.after(step).proved("17", "a@example.com", None)
    assert (proved.steps, proved.success, proved.subject) == ((step,), True, "17")
    assert not test.success


@pytest.mark.parametrize(
    ("decision", "words"),
    [
        (UseLink(ID), "the link decides, whatever the strategy"),
        (MatchUser(Key.EMAIL, may_create=True), "the user with this email, or a new one"),
        (MatchUser(Key.USERNAME, may_create=False), "the user with this username, who must exist"),
    ],
)
def test_a_link_decision_says_what_it_means(decision: LinkDecision, words: str) -> None:
    assert decision.meaning == words


def test_every_lambda_type_names_its_function() -> None:
    assert {kind.function for kind in LambdaType} == {"reconcile", "populate", "validate", "checkRequired", "convert"}
    assert LambdaType.TWITTER_RECONCILE.function == "reconcile"


def test_the_display_name_is_the_email_else_the_username() -> None:
    assert Claims("1", email="a@example.com", username="alice").display_name == "a@example.com"
    assert Claims("1", username="alice").display_name == "alice"


@pytest.mark.parametrize(
    ("enabled", "links", "exceeded"), [(True, 2, False), (True, 3, True), (True, 4, True), (False, 9, False)]
)
def test_a_link_limit_counts_the_links_there_are(enabled: bool, links: int, exceeded: bool) -> None:
    assert LinkLimit(enabled, 3).exceeded_by(links) is exceeded


def test_a_new_registration_gets_the_default_roles_in_order() -> None:
    def role(name: str, *, default: bool) -> Role:
        return Role(ID, name, None, default, False, 0, 0)

    roles = (role("writer", default=True), role("admin", default=False), role("reader", default=True))
    application = Application(ID, ID, "Demo", True, None, None, {}, {}, 0, 0, roles)
    assert application.default_roles == ["reader", "writer"]


def a_role(number: int, name: str) -> Role:
    return Role(UUID(int=number), name, None, False, False, 0, 0)


def test_a_group_has_the_roles_of_all_its_applications() -> None:
    roles = {UUID(int=7): (a_role(1, "admin"), a_role(2, "reader")), UUID(int=8): (a_role(3, "admin"),)}
    assert Group(ID, ID, "Staff", {}, 0, 0, roles).role_ids == [UUID(int=1), UUID(int=2), UUID(int=3)]


@pytest.mark.parametrize(
    ("application", "roles"), [(7, {"admin", "reader", "writer"}), (8, {"guest"}), (9, set[str]())]
)
def test_all_groups_of_a_user_bring_their_roles_for_an_application(application: int, roles: set[str]) -> None:
    def membership(number: int, brings: dict[UUID, frozenset[str]]) -> Membership:
        return Membership(UUID(int=number), UUID(int=number), ID, 0, roles=brings)

    here, there = UUID(int=7), UUID(int=8)
    user = replace(
        FULL_USER,
        memberships=(
            membership(1, {here: frozenset({"admin", "reader"})}),
            membership(2, {here: frozenset({"reader", "writer"}), there: frozenset({"guest"})}),
        ),
    )
    assert user.group_roles(UUID(int=application)) == roles
    assert replace(user, memberships=()).group_roles(here) == frozenset()


@pytest.mark.parametrize(
    ("languages", "text"),
    [(["de"], "Code: 123"), (["de_AT"], "Code: 123"), (["fr", "en"], "Your code is 123"), ([], "Your code is 123")],
)
def test_a_message_speaks_the_first_language_it_has(languages: list[str], text: str) -> None:
    template = MessageTemplate("Login", "Your code is ${code}", {"de": "Code: ${code}"})
    assert write_message(template, {"code": "123"}, languages) == text


@pytest.mark.parametrize(
    ("family", "names"),
    [
        (KeyType.EC, {"ES256", "ES384", "ES512"}),
        (KeyType.RSA, {"RS256", "RS384", "RS512"}),
        (KeyType.HMAC, {"HS256", "HS384", "HS512"}),
        (KeyType.OKP, {"Ed25519"}),
    ],
)
def test_the_type_of_a_key_is_that_of_its_algorithm(family: KeyType, names: set[str]) -> None:
    keys = [SigningKey(ID, "kid", algorithm, "Mine") for algorithm in KeyAlgorithm]
    assert {key.algorithm.value for key in keys if key.type is family} == names
