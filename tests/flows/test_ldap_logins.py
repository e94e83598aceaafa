"""People of a directory at the password door: an OpenLDAP server says who they are (rocket contract 9.3)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from uuid import UUID, uuid4

import jwt
import pytest

from identity.domain.connectors import entry_user_id
from tests.connectors import BUILT_IN, policy
from tests.fakes.authority import Authority
from tests.fakes.slapd import BASE, Slapd, running_slapd
from tests.ldap_world import NAMES, LdapWorld
from tests.login_world import World, wrong_fields
from tests.password_door import Door
from tests.second_factors import answer as answer_challenge
from tests.second_factors import with_phone

ANN_DN = f"cn=Ann Lee,ou=people,{BASE}"


@pytest.fixture
def ldap(world: World, shared_slapd: Slapd) -> LdapWorld:
    return LdapWorld(world, shared_slapd)


@pytest.fixture
def own_ldap(world: World) -> Iterator[LdapWorld]:
    """With a directory of the test's own, which may be stopped and changed."""
    with running_slapd() as slapd:
        yield LdapWorld(world, slapd)


def test_the_first_login_makes_the_user_that_the_lambda_describes(ldap: LdapWorld) -> None:
    connector_id = ldap.connect()
    answer = ldap.knock()
    assert answer.status_code == 200, answer.text
    user = answer.json()["user"]
    assert (user["email"], user["username"], user["fullName"]) == ("ann@example.com", "ann", "Ann Lee")
    assert (user["connectorId"], user["verified"]) == (connector_id, True)
    assert [each["applicationId"] for each in user["registrations"]] == [ldap.world.application_id]
    claims = jwt.decode(answer.json()["token"], options={"verify_signature": False})
    assert (claims["authenticationType"], claims["sub"]) == ("LDAP_CONNECTOR", user["id"])


def test_the_same_person_is_the_same_user_each_time_by_any_name(ldap: LdapWorld) -> None:
    ldap.connect()
    first = ldap.user()
    assert ldap.user()["id"] == first["id"]
    assert ldap.user(" ANN ")["id"] == first["id"]


def test_the_id_is_derived_from_the_connector_and_the_entry(ldap: LdapWorld) -> None:
    connector_id = ldap.connect()
    user = ldap.user()
    with ldap.world.service.services.db.read() as conn:
        [(external_id,)] = conn.execute("SELECT external_id FROM connector_entries").fetchall()
    assert UUID(user["id"]) == entry_user_id(UUID(connector_id), external_id)


def test_the_lambda_may_name_the_id(ldap: LdapWorld) -> None:
    chosen = str(uuid4())
    ldap.connect(body=NAMES + f"user.id = '{chosen}';")
    assert [ldap.user()["id"] for _ in range(2)] == [chosen] * 2


@pytest.mark.parametrize(
    ("login_id", "password"),
    [
        ("ann", "wrong"),
        ("nobody", "ann's password"),
        ("twin", "twin's password"),
        ("*)(uid=*", "ann's password"),
        ("*", "ann's password"),
        ("ann)(|(uid=*", "ann's password"),
    ],
)
def test_whom_the_directory_does_not_vouch_for_is_not_found(ldap: LdapWorld, login_id: str, password: str) -> None:
    ldap.connect()
    answer = ldap.knock(login_id, password)
    assert (answer.status_code, answer.content) == (404, b"")
    assert ldap.world.service.call("GET", "/api/user", params={"username": "ann"}).status_code == 404


def test_names_with_every_sign_of_a_filter_log_in(ldap: LdapWorld) -> None:
    ldap.connect()
    assert ldap.user("*(odd)\\2a", "odd's password")["username"] == "*(odd)\\2a"
    assert ldap.user("jürgen", "pässwörd ✓")["fullName"] == "Jürgen Müller"


def test_a_person_without_an_address_has_their_username(ldap: LdapWorld) -> None:
    ldap.connect()
    assert "email" not in ldap.user("nils", "nils's password")


def test_nobody_is_made_without_a_name(ldap: LdapWorld) -> None:
    ldap.connect(body="user.email = userAttributes.mail;")
    assert wrong_fields(ldap.knock("nils", "nils's password"))
    assert "lambda" in ldap.log()[0].lower()


def test_attributes_are_taken_over_at_every_login(own_ldap: LdapWorld) -> None:
    own_ldap.connect()
    before = own_ldap.user()
    own_ldap.slapd.replace(ANN_DN, givenName="Anne", uid="anne", mail="anne@example.com")
    after = own_ldap.user("anne")
    assert (after["id"], after["firstName"]) == (before["id"], "Anne")
    assert (after["username"], after["email"]) == ("ann", "ann@example.com")  # names are given once (decision 11)
    assert own_ldap.status("ann") == 404


def test_nothing_is_written_when_nothing_has_changed(ldap: LdapWorld) -> None:
    ldap.connect()
    assert ldap.user()["lastUpdateInstant"] == ldap.user()["lastUpdateInstant"]


@pytest.mark.parametrize("security", ["None", "StartTLS", "LDAPS"])
def test_the_directory_is_reached_in_each_of_three_ways(ldap: LdapWorld, security: str) -> None:
    url = ldap.slapd.tls_url if security == "LDAPS" else ldap.slapd.url
    ldap.connect(securityMethod=security, authenticationURL=url)
    assert ldap.status() == 200


def test_a_wrong_authority_lets_nobody_in_and_says_why(ldap: LdapWorld) -> None:
    ldap.connect(securityMethod="StartTLS", data={"caCertificates": Authority.new().pem})
    assert ldap.status() == 404
    assert "Staff 0" in ldap.log()[0]
    assert "tls: " in ldap.log()[0]


def test_a_stopped_directory_is_named_in_the_event_log_and_asked_again_when_it_is_back(own_ldap: LdapWorld) -> None:
    own_ldap.connect(securityMethod="StartTLS")
    user_id = own_ldap.user()["id"]
    own_ldap.slapd.stop()
    answer = own_ldap.knock()
    assert (answer.status_code, answer.content) == (404, b"")
    message = own_ldap.log()[0]
    assert "[Staff 0]" in message
    assert "connect" in message
    own_ldap.slapd.start()
    assert own_ldap.user()["id"] == user_id


def test_a_directory_that_is_down_is_no_wrong_guess(own_ldap: LdapWorld) -> None:
    own_ldap.connect()
    own_ldap.user()
    own_ldap.slapd.stop()
    assert {own_ldap.status(login_id) for _ in range(10) for login_id in ("ann", "nobody")} == {404}
    own_ldap.slapd.start()
    assert own_ldap.status() == 200


def test_local_people_log_in_while_the_directory_is_down(own_ldap: LdapWorld) -> None:
    own_ldap.connect(data={"mergeExistingUsers": True})
    own_ldap.world.add_user(username="local", password="a password of ours")
    own_ldap.slapd.stop()
    assert own_ldap.status("local", "a password of ours") == 202
    assert own_ldap.status("local", "wrong") == 404


def test_wrong_passwords_of_local_people_count_though_a_directory_is_down(own_ldap: LdapWorld) -> None:
    own_ldap.connect(data={"mergeExistingUsers": True})
    own_ldap.world.add_user(username="local", password="a password of ours")
    own_ldap.slapd.stop()
    assert {own_ldap.status("local", "wrong") for _ in range(5)} == {404}
    assert own_ldap.status("local", "a password of ours") == 423


def test_the_next_policy_is_tried_when_a_directory_is_down(own_ldap: LdapWorld, shared_slapd: Slapd) -> None:
    own_ldap.connect()
    second = own_ldap.connect(authenticationURL=shared_slapd.url)
    own_ldap.slapd.stop()
    assert own_ldap.user()["connectorId"] == second
    assert "[Staff 0]" in own_ldap.log()[0]


def test_the_domain_of_an_address_chooses_the_directory(ldap: LdapWorld) -> None:
    ldap.connect(domains=["example.com"], loginIdAttribute="mail")
    assert ldap.user("ann@example.com")["username"] == "ann"
    assert ldap.status("nobody") == 404
    assert ldap.slapd.binds(ANN_DN) > 0


def test_a_login_id_of_another_domain_is_not_asked_for(ldap: LdapWorld) -> None:
    ldap.connect(domains=["example.org"], loginIdAttribute="mail")
    assert ldap.status("ann@example.com") == 404
    assert ldap.status("ann") == 404


def test_five_wrong_passwords_lock_out_and_no_password_leaves_then(own_ldap: LdapWorld) -> None:
    """By whatever spelling: what the directory takes for one name is one person."""
    own_ldap.connect()
    spellings = ["ann", "ANN", " ann", "ann ", "Ann"]
    assert {own_ldap.status(login_id, "wrong") for login_id in spellings} == {404}
    assert own_ldap.slapd.binds(ANN_DN) == 5
    assert own_ldap.status() == 404
    assert own_ldap.slapd.binds(ANN_DN) == 5
    own_ldap.world.clock.advance(minutes=4)
    assert own_ldap.status() == 200


def test_a_lockout_holds_for_every_name_that_the_directory_takes_for_the_same(own_ldap: LdapWorld) -> None:
    """Double spaces, say, which are another login id here."""
    own_ldap.connect(loginIdAttribute="cn")
    own_ldap.user("Ann Lee")
    spellings = ["Ann  Lee", "Ann   Lee", "ANN    LEE", "ann     lee", "ann      lee"]
    assert {own_ldap.status(login_id, "wrong") for login_id in spellings} == {404}
    assert own_ldap.status("Ann Lee") == 404
    own_ldap.world.clock.advance(minutes=4)
    assert own_ldap.status("Ann Lee") == 200


def test_the_right_password_forgets_the_wrong_ones(ldap: LdapWorld) -> None:
    ldap.connect()
    for _ in range(3):
        assert [ldap.status("ann", "wrong") for _ in range(4)] == [404] * 4
        assert ldap.status() == 200


def test_a_deactivated_user_is_told_so_only_after_the_right_password(ldap: LdapWorld) -> None:
    ldap.connect()
    user_id = ldap.user()["id"]
    ldap.world.service.call("DELETE", f"/api/user/{user_id}")
    assert ldap.status("ann", "wrong") == 404
    assert ldap.status() == 423


def test_an_empty_password_is_refused_before_anything_is_asked(ldap: LdapWorld) -> None:
    ldap.connect()
    before = ldap.slapd.binds()
    assert ldap.status("ann", "") == 400
    assert ldap.slapd.binds() == before


def test_migrated_people_have_their_password_here(own_ldap: LdapWorld) -> None:
    connector_id = own_ldap.connect(migrate=True)
    user = own_ldap.user()
    assert own_ldap.stored(user["id"])["connectorId"] == BUILT_IN
    assert UUID(user["id"]) != UUID(connector_id)
    own_ldap.slapd.stop()
    answer = own_ldap.knock()
    assert answer.status_code == 200
    claims = jwt.decode(answer.json()["token"], options={"verify_signature": False})
    assert claims["authenticationType"] == "PASSWORD"


@pytest.mark.parametrize("merge", [False, True])
def test_the_directory_has_no_say_about_who_was_migrated(own_ldap: LdapWorld, merge: bool) -> None:
    own_ldap.connect(migrate=True, data={"mergeExistingUsers": merge})
    own_ldap.user()
    own_ldap.slapd.replace(ANN_DN, userPassword="another password")
    assert own_ldap.status("ann", "another password") == 404
    assert own_ldap.status() == 200


def test_migrated_people_do_not_come_back_by_a_name_that_only_the_directory_knows(own_ldap: LdapWorld) -> None:
    own_ldap.connect(migrate=True, body="user.email = userAttributes.mail;")
    assert own_ldap.status("ann") == 200
    assert own_ldap.status("ann") == 404
    assert own_ldap.status("ann@example.com") == 200


def test_people_who_are_not_migrated_have_no_password_here(own_ldap: LdapWorld) -> None:
    own_ldap.connect()
    user = own_ldap.user()
    with own_ldap.world.service.services.db.read() as conn:
        assert conn.execute("SELECT count(*) FROM passwords WHERE user_id = %s", [user["id"]]).fetchone() == (0,)
    own_ldap.slapd.replace(ANN_DN, userPassword="another password")
    assert own_ldap.status() == 404
    assert own_ldap.user("ann", "another password")["id"] == user["id"]


def test_a_policy_that_migrates_from_now_on_migrates_who_is_known(own_ldap: LdapWorld) -> None:
    connector_id = own_ldap.connect()
    user_id = own_ldap.user()["id"]
    own_ldap.tenant(connectorPolicies=[policy(connector_id, migrate=True), policy(BUILT_IN)])
    assert own_ldap.user()["id"] == user_id
    own_ldap.slapd.stop()
    assert own_ldap.status() == 200


def test_nobody_logs_in_by_a_directory_that_the_tenant_uses_no_more(ldap: LdapWorld) -> None:
    ldap.connect()
    ldap.user()
    ldap.tenant(connectorPolicies=[policy(BUILT_IN)])
    assert ldap.status() == 404


def test_a_local_user_keeps_the_login_id_where_connectors_do_not_merge(ldap: LdapWorld) -> None:
    """The directory's person with the same address is refused, and an administrator reads why."""
    ldap.connect()
    local = ldap.world.add_user(email="ann@example.com", password="a password of ours")
    assert set(wrong_fields(ldap.knock()).values()) == {"[duplicate]user.email"}
    assert "user.email" in ldap.log()[0]
    assert ldap.knock("ann@example.com", "a password of ours").json()["user"]["id"] == local["id"]


def test_the_login_id_of_a_local_user_never_reaches_a_directory_that_does_not_merge(ldap: LdapWorld) -> None:
    ldap.connect()
    before = ldap.slapd.binds()
    ldap.world.add_user(username="ann", password="a password of ours")
    assert ldap.status("ann", "ann's password") == 404
    assert ldap.status("ann", "a password of ours") == 202
    assert ldap.slapd.binds() == before


def test_a_connector_that_merges_makes_the_local_user_the_directorys(ldap: LdapWorld) -> None:
    connector_id = ldap.connect(data={"mergeExistingUsers": True})
    local = ldap.world.add_user(username="ann", password="a password of ours")
    merged = ldap.user()
    assert (merged["id"], merged["connectorId"], merged["firstName"]) == (local["id"], connector_id, "Ann")
    assert ldap.status("ann", "a password of ours") == 404
    assert ldap.user()["id"] == local["id"]


def test_a_connector_that_merges_and_migrates_replaces_the_password(own_ldap: LdapWorld) -> None:
    own_ldap.connect(migrate=True, data={"mergeExistingUsers": True})
    local = own_ldap.world.add_user(username="ann", password="a password of ours")
    assert own_ldap.user()["id"] == local["id"]
    own_ldap.slapd.stop()
    assert own_ldap.status("ann", "a password of ours") == 404
    assert own_ldap.user()["id"] == local["id"]


def test_merging_takes_what_was_planted_on_an_address_that_nobody_proved(ldap: LdapWorld) -> None:
    ldap.connect(data={"mergeExistingUsers": True}, loginIdAttribute="mail")
    ldap.tenant(emailConfiguration={"verifyEmail": True, "implicitEmailVerificationAllowed": False})
    planted = ldap.world.service.call(
        "POST",
        "/api/user",
        {
            "user": {
                "email": "ann@example.com",
                "password": "a password of theirs",
                "twoFactor": {"methods": [{"method": "authenticator", "secret": "MDEyMzQ1Njc4OTAxMjM0NTY3ODk="}]},
            }
        },
    ).json()["user"]
    assert planted["verified"] is False
    ldap.knock("ann@example.com")
    after = ldap.stored(planted["id"])
    assert after.get("twoFactor", {}).get("methods", []) == []
    assert ldap.status("ann@example.com", "a password of theirs") == 404


@pytest.mark.parametrize(("login_id_attribute", "survives"), [("uid", False), ("mail", True)])
def test_sessions_survive_a_merge_by_a_verified_address_and_not_by_a_username(
    ldap: LdapWorld, login_id_attribute: str, survives: bool
) -> None:
    """Who has registered somebody's username first is not inside when they come."""
    ldap.connect(data={"mergeExistingUsers": True}, loginIdAttribute=login_id_attribute)
    ldap.world.service.call(
        "PATCH",
        f"/api/application/{ldap.world.application_id}",
        {"application": {"loginConfiguration": {"generateRefreshTokens": True, "allowTokenRefresh": True}}},
    )
    person = ldap.world.add_user(username="ann", email="ann@example.com", password="a password of ours")
    Door(ldap.world).register(person["id"])
    before = ldap.knock("ann", "a password of ours").json()["refreshToken"]
    phone, _ = with_phone(ldap.world, person["id"])
    challenge = ldap.knock("ann" if login_id_attribute == "uid" else "ann@example.com")
    assert challenge.status_code == 242
    assert answer_challenge(ldap.world, challenge.json()["twoFactorId"], phone.code()).status_code == 200
    refreshed = ldap.world.service.call("POST", "/api/jwt/refresh", {"refreshToken": before}, key="")
    assert (refreshed.status_code == 200) is survives


def test_another_entry_by_the_name_of_a_known_person_is_not_that_person(own_ldap: LdapWorld) -> None:
    """Their account here is not handed to whoever gets their name there."""
    own_ldap.connect()
    own_ldap.user()
    own_ldap.slapd.replace(ANN_DN, uid="ann.old")
    own_ldap.slapd.replace(f"cn=Nils Nomail,ou=people,{BASE}", uid="ann")
    assert own_ldap.status("ann", "nils's password") == 404
    assert "another entry" in own_ldap.log()[0]
    assert own_ldap.status("ann.old") == 200


@pytest.mark.parametrize("migrate", [False, True])
def test_first_logins_at_once_make_one_user_and_ask_once_each(own_ldap: LdapWorld, migrate: bool) -> None:
    """Those who lose the race begin again with what the directory has said already."""
    own_ldap.connect(migrate=migrate)
    ids: list[str] = []
    threads = [threading.Thread(target=lambda: ids.append(own_ldap.user()["id"])) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ids) == 6
    assert len(set(ids)) == 1
    assert own_ldap.slapd.binds(ANN_DN) <= 6


def test_a_lambda_that_throws_is_512_and_makes_nobody(ldap: LdapWorld) -> None:
    ldap.connect(body="throw new Error('no');")
    assert ldap.status() == 512
    assert ldap.world.service.call("GET", "/api/user", params={"username": "ann"}).status_code == 404


def test_several_entries_by_one_name_are_an_administrators_business(ldap: LdapWorld) -> None:
    ldap.connect()
    assert ldap.status("twin", "twin's password") == 404
    assert "More than one entry" in ldap.log()[0]


def test_the_steps_are_logged_for_who_debugs_the_connector(ldap: LdapWorld) -> None:
    ldap.connect(debug=True, securityMethod="StartTLS")
    ldap.user()
    message = ldap.log()[0]
    assert "Staff 0" in message
    assert "StartTLS" in message
    for secret in ("ann's password", "service secret"):
        assert not any(secret in line for line in ldap.log())
