"""The reconcile lambda of a directory: what it makes of an entry (decisions 3, 11, 48 and 55)."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, replace
from uuid import UUID, uuid4

import pytest

from identity.domain.connectors import Connector, SecurityMethod, entry_user_id
from identity.domain.errors import Invalid
from identity.domain.lambdas import Lambda, LambdaType
from identity.domain.trace import Trace
from identity.flows.configuration.configurations import ConnectorConfiguration, TenantConfiguration
from identity.flows.login.login_attempt import BeginAgain, Person
from identity.flows.login.login_log import LoginLog
from identity.flows.login.reconcile_connector import FoundEntry, as_lambda_left, ask_lambda, draft
from identity.outbound.reconcile import LambdaFailed
from identity.store import logins, users
from tests.login_world import World

CONNECTOR_ID = UUID("8174f72f-5ecd-4eae-8de8-7fef597b3473")
APPLICATION = "user.registrations[0].applicationId"
ENTRY = FoundEntry(
    "entry-1", {"uid": "jane", "mail": ["jane@Example.com", "other@example.com"], "cn": "Jane Doe", "title": "Dr"}
)
NAMED = "user.email = attributes.mail[0]; user.username = attributes.uid;"


@dataclass
class Directory:
    """A directory of the default tenant: `person` is whom its lambda makes of an entry."""

    world: World
    log: LoginLog

    def person(self, body: str, known: Person | None = None, entry: FoundEntry = ENTRY) -> Person:
        source = f"function reconcile(user, attributes) {{ {body} }}"
        kind = LambdaType.LDAP_CONNECTOR_RECONCILE
        reconcile = Lambda(uuid4(), "Staff", kind, source, True, "GraalJS", 1, 1)
        services = self.world.service.services
        directory = ConnectorConfiguration(connector(), reconcile)
        configuration = self.configuration()
        person = known or draft(services, configuration, directory, entry)
        changes = ask_lambda(services, self.log, reconcile, entry, person)
        return as_lambda_left(services, self.log, configuration, reconcile, entry, person, changes)

    def refused(self, body: str, known: Person | None = None) -> dict[str, str]:
        """The codes by field of a run that is refused."""
        with pytest.raises(Invalid) as caught:
            self.person(body, known)
        return {path: problem.code for path, [problem] in caught.value.field_errors.items()}

    def configuration(self) -> TenantConfiguration:
        found = self.world.service.services.configurations.tenant(self.world.service.tenant_id)
        assert found is not None
        return found

    def known(self, user_id: str) -> Person:
        with self.world.service.services.db.read() as conn:
            found = logins.find_by_id(conn, self.world.service.tenant_id, UUID(user_id))
        assert found is not None
        return Person(found.user, found.registrations, found.standing)

    def said(self) -> str:
        """What the login would leave in the event log."""
        return "\n".join(message for _, message in self.log.entries)

    def verify_emails(self) -> None:
        change = {"tenant": {"emailConfiguration": {"verifyEmail": True}}}
        answer = self.world.service.call("PATCH", f"/api/tenant/{self.world.service.tenant_id}", change)
        assert answer.status_code == 200, answer.text
        self.world.service.services.configurations.forget()


def connector() -> Connector:
    return Connector(
        id=CONNECTOR_ID,
        name="Staff",
        authentication_url="ldap://127.0.0.1",
        security_method=SecurityMethod.NONE,
        base_structure="dc=example,dc=com",
        system_account_dn="cn=admin",
        system_account_password="secret",
        login_id_attribute="uid",
        identifying_attribute="uid",
        requested_attributes=("uid",),
        connect_timeout=1000,
        read_timeout=1000,
        reconcile_id=uuid4(),
        debug=False,
        data={},
        insert_instant=1,
        last_update_instant=1,
    )


@pytest.fixture
def directory(world: World) -> Directory:
    return Directory(world, LoginLog(Trace(clock=world.service.services.runtime.now)))


def test_the_lambda_makes_a_new_user_who_belongs_to_the_directory(directory: Directory) -> None:
    made = directory.person(NAMED + "user.fullName = attributes.cn; user.data.title = attributes.title;")
    assert (made.stored, made.linked, made.registrations) == (False, False, ())
    user = made.user
    assert (user.email, user.username, user.full_name) == ("jane@example.com", "jane", "Jane Doe")
    assert (user.connector_id, user.data, user.active) == (CONNECTOR_ID, {"title": "Dr"}, True)
    assert user.password_last_update_instant is None


def test_an_entry_is_the_same_user_each_time(directory: Directory) -> None:
    assert {directory.person(NAMED).user.id for _ in range(2)} == {entry_user_id(CONNECTOR_ID, "entry-1")}


def test_the_lambda_may_choose_the_id_of_a_new_user(directory: Directory) -> None:
    chosen = uuid4()
    assert directory.person(NAMED + f"user.id = '{str(chosen).upper()}';").user.id == chosen


def test_fusionauths_helper_makes_an_id_of_an_active_directory_guid(directory: Directory) -> None:
    guid = UUID("6f9619ff-8b86-d011-b42d-00cf4fc964ff")
    entry = FoundEntry("guid", {"cn": "jane", "objectGUID;binary": base64.b64encode(guid.bytes_le).decode()})
    named = "user.username = attributes.cn; "
    body = named + "user.id = FusionAuth.ActiveDirectory.b64GuidToString(attributes['objectGUID;binary']);"
    assert directory.person(body, entry=entry).user.id == guid


@pytest.mark.parametrize("given", ["'short'", "'%%%%'", "undefined"])
def test_fusionauths_helper_takes_no_other_text(directory: Directory, given: str) -> None:
    with pytest.raises(LambdaFailed):
        directory.person(f"user.id = FusionAuth.ActiveDirectory.b64GuidToString({given});")


def test_an_id_that_is_none_or_in_use_is_refused(directory: Directory) -> None:
    used = directory.world.add_user(email="other@example.org")["id"]
    assert directory.refused(NAMED + "user.id = '7';") == {"user.id": "[invalid]user.id"}
    assert directory.refused(NAMED + "user.id = 7;") == {"user.id": "[invalid]user.id"}
    assert directory.refused(NAMED + f"user.id = '{used}';") == {"user.id": "[duplicate]user.id"}


def test_an_entry_that_is_a_user_in_another_tenant_gets_an_id_of_its_own(directory: Directory) -> None:
    services = directory.world.service.services
    other_tenant, _ = directory.world.add_tenant("elsewhere")
    elsewhere = replace(directory.person(NAMED).user, tenant_id=UUID(other_tenant))
    with services.db.transaction() as conn:
        users.add(conn, elsewhere)
    services.configurations.forget()
    ids = {directory.person(NAMED).user.id for _ in range(2)}
    assert len(ids) == 1
    assert elsewhere.id not in ids


def test_names_that_somebody_has_are_refused_and_nobody_is_taken_over(directory: Directory) -> None:
    directory.world.add_user(email="JANE@example.com", username="Jane")
    assert directory.refused(NAMED) == {
        "user.email": "[duplicate]user.email",
        "user.username": "[duplicate]user.username",
    }
    assert "user.email, user.username" in directory.said()


def test_a_new_user_without_a_name_is_refused(directory: Directory) -> None:
    assert set(directory.refused("user.fullName = 'Nobody';")) == {"user.email", "user.username"}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("user.email = 'no address';", "[invalid]user.email"),
        ("user.birthDate = '1990-02-30';", "[invalid]user.birthDate"),
        ("user.username = 'somebody@example.org';", "[invalid]user.username"),
        ("user.preferredLanguages = 7;", "[invalid]user.preferredLanguages"),
        ("user.registrations = 7;", "[invalid]user.registrations"),
        ("user.registrations = Array(1001).fill({});", "[tooMany]user.registrations"),
        ("user.registrations = [{}];", f"[invalid]{APPLICATION}"),
        (
            f"user.registrations = [{{applicationId: '{CONNECTOR_ID}'}}];",
            "[invalid]user.registrations[0].applicationId",
        ),
    ],
)
def test_values_that_do_not_fit_are_field_errors(directory: Directory, body: str, code: str) -> None:
    assert list(directory.refused(NAMED + body).values()) == [code]
    assert code.partition("]")[2] in directory.said()


def test_the_lambda_registers_for_applications_of_the_tenant(directory: Directory) -> None:
    application_id = directory.world.application_id
    registration = {"applicationId": application_id, "roles": ["admin", "nonsense"], "data": {"a": 1}}
    [made] = directory.person(NAMED + f"user.registrations = [{json.dumps(registration)}];").registrations
    assert (str(made.application_id), made.roles, made.data) == (application_id, ["admin"], {"a": 1})
    assert made.user_id == entry_user_id(CONNECTOR_ID, "entry-1")
    assert "nonsense" in directory.said()


def test_a_registration_without_roles_has_the_applications_default_ones(directory: Directory) -> None:
    body = NAMED + f"user.registrations = [{{applicationId: '{directory.world.application_id}'}}];"
    [made] = directory.person(body).registrations
    assert made.roles == ["user"]


def test_registrations_go_with_the_id_that_the_lambda_chose(directory: Directory) -> None:
    chosen = uuid4()
    registering = f"user.registrations = [{{applicationId: '{directory.world.application_id}'}}];"
    [made] = directory.person(NAMED + f"user.id = '{chosen}';" + registering).registrations
    assert made.user_id == chosen


def test_an_application_of_another_tenant_is_refused(directory: Directory) -> None:
    _, application_id = directory.world.add_tenant("elsewhere")
    directory.world.service.services.configurations.forget()
    refused = directory.refused(NAMED + f"user.registrations = [{{applicationId: '{application_id}'}}];")
    assert refused == {APPLICATION: f"[invalid]{APPLICATION}"}


def test_a_registration_that_does_not_fit_is_a_field_error(directory: Directory) -> None:
    registration = {"applicationId": directory.world.application_id, "timezone": "Mars/Olympus"}
    assert directory.refused(NAMED + f"user.registrations = [{json.dumps(registration)}];") == {
        "user.registrations[0].timezone": "[invalid]user.registrations[0].timezone"
    }


def test_a_login_begins_again_when_an_application_was_changed_meanwhile(directory: Directory) -> None:
    configurations = directory.world.service.services.configurations
    old = directory.configuration()
    assert directory.world.service.call("POST", "/api/tenant", {"tenant": {"name": "new"}}).status_code == 200
    configurations.forget_unless_current()
    directory.configuration = lambda: old  # type: ignore[method-assign]
    with pytest.raises(BeginAgain):
        directory.person(NAMED + f"user.registrations = [{{applicationId: '{directory.world.application_id}'}}];")


def test_a_known_user_gets_the_entrys_values_and_keeps_id_and_names(directory: Directory) -> None:
    user = directory.world.add_user(email="old@example.com", username="old", firstName="Old")
    known = directory.known(user["id"])
    changed = directory.person(NAMED + f"user.id = '{uuid4()}'; user.firstName = 'Jane';", known)
    assert changed.stored
    assert replace(changed.user, first_name="Old", last_update_instant=known.user.last_update_instant) == known.user
    assert changed.user.first_name == "Jane"
    assert changed.user.last_update_instant > known.user.last_update_instant


def test_a_lambda_that_changes_nothing_of_a_known_user_leaves_them_alone(directory: Directory) -> None:
    known = directory.known(directory.world.add_user(email="old@example.com")["id"])
    assert directory.person("", known) == known


def test_a_known_users_registration_at_an_inactive_application_stays_beside_a_new_one(directory: Directory) -> None:
    world = directory.world
    user_id = world.logged_in("alice")["user"]["id"]
    other = world.service.call("POST", "/api/application", {"application": {"name": "Other"}}).json()["application"]
    assert world.service.call("DELETE", f"/api/application/{world.application_id}").status_code == 200
    world.service.services.configurations.forget()
    known = directory.known(user_id)
    changed = directory.person(f"user.registrations.push({{applicationId: '{other['id']}'}});", known)
    assert {str(each.application_id) for each in changed.registrations} == {world.application_id, other["id"]}
    assert changed.registration_for(UUID(world.application_id)) == known.registrations[0]
    assert directory.refused(NAMED + f"user.registrations = [{{applicationId: '{world.application_id}'}}];")


def test_a_known_users_registration_is_changed_and_others_stay(directory: Directory) -> None:
    user_id = directory.world.logged_in("alice")["user"]["id"]
    known = directory.known(user_id)
    changed = directory.person("user.registrations[0].roles = ['admin'];", known)
    assert [each.roles for each in changed.registrations] == [["admin"]]
    assert directory.person("user.registrations = [];", known).registrations == known.registrations


@pytest.mark.parametrize("address", ["jane@example.com", "other@example.com"])
def test_an_address_that_the_directory_holds_is_proved(directory: Directory, address: str) -> None:
    directory.verify_emails()
    user = directory.person(f"user.email = '{address}';").user
    assert (user.verified, user.verified_reason) == (True, "Trusted")
    assert user.verified_instant is not None


def test_an_address_that_the_lambda_made_up_is_as_proved_as_a_typed_one(directory: Directory) -> None:
    made_up = "user.email = attributes.uid + '@example.net';"
    user = directory.person(made_up).user
    assert (user.verified, user.verified_reason) == (True, "Disabled")
    directory.verify_emails()
    user = directory.person(made_up).user
    assert (user.verified, user.verified_instant, user.verified_reason) == (False, None, "Pending")


def test_a_lambda_that_throws_ends_the_login_and_says_why_in_the_log(directory: Directory) -> None:
    with pytest.raises(LambdaFailed):
        directory.person("console.info('before'); throw new Error('bad entry');")
    assert "before" in directory.said()
    assert "bad entry" in directory.said()


def test_the_lambda_sees_the_entry_and_what_it_does_to_it_is_discarded(directory: Directory) -> None:
    directory.person(NAMED + "console.info(JSON.stringify(attributes)); attributes.uid = 'other';")
    [(_, message)] = directory.log.entries
    assert json.loads(message.partition("\n\n")[2]) == dict(ENTRY.attributes)
    assert ENTRY.attributes["uid"] == "jane"


def test_a_user_that_the_lambda_replaced_by_something_else_stays(directory: Directory) -> None:
    known = directory.known(directory.world.add_user(email="old@example.com")["id"])
    assert directory.person("user = 7;", known) == known
