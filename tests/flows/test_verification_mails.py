"""The mails behind 203, 212 and 213: who gets one, when, and that what it carries resolves the login."""

from __future__ import annotations

import re
import socket
from typing import Any
from uuid import uuid4

import pytest

from identity.flows import courier
from tests.fakes.sink import closed_port
from tests.fakes.smtp import SmtpSink
from tests.login_world import World
from tests.queued_mails import QueuedMail, do_what_strangers_asked, queued_mails
from tests.verifying import (
    EMAIL,
    FORM_FIELD,
    REGISTRATION,
    handed_out,
    linked_person,
    register,
    verify,
    verify_emails,
    verify_registrations,
)

CHANGE, FORGOT = "/api/user/change-password", "/api/user/forgot-password"
ID = re.compile(r"[A-Za-z0-9_-]{43}")
CODE = re.compile(r"\b[A-Z2-9]{6}\b")
TEMPLATE = (
    "Id ${verificationId}![#if verificationOneTimeCode??] Code ${verificationOneTimeCode}.[/#if] To ${user.email}"
)


def mails_of(world: World, user_id: str) -> list[QueuedMail]:
    address = world.user(user_id)["email"]
    return [mail for mail in queued_mails(world.service) if mail.to == address]


def found(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    assert match, text
    return match.group()


def add_template(world: World, text: str) -> str:
    document = {
        "name": f"template {uuid4()}",
        "defaultSubject": "Changed ${user.email}",
        "defaultTextTemplate": text,
        "defaultHtmlTemplate": f"<p>{text}</p>",
    }
    answer = world.service.call("POST", "/api/email/template", {"emailTemplate": document})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["emailTemplate"]["id"])


def test_a_login_queues_one_mail_whose_link_verifies(world: World) -> None:
    user_id = linked_person(world)
    verify_emails(world)
    unverify(world, user_id)
    for _ in range(2):
        assert world.login("alice").status_code == 212
    [mail] = mails_of(world, user_id)
    assert verify(world, found(ID, mail.text)).status_code == 200
    assert world.login("alice").status_code == 200


def test_each_login_under_form_field_mails_the_code_for_its_id(world: World) -> None:
    user_id = linked_person(world)
    verify_emails(world, **FORM_FIELD)
    unverify(world, user_id)
    ids = [world.login("alice").json()["emailVerificationId"] for _ in range(2)]
    first, second = mails_of(world, user_id)
    assert verify(world, ids[0], found(CODE, first.text)).status_code == 400
    assert verify(world, ids[0], found(CODE, second.text)).status_code == 200


def test_the_mail_says_what_the_tenants_template_says(world: World) -> None:
    user_id = linked_person(world)
    verify_emails(world, verificationEmailTemplateId=add_template(world, TEMPLATE))
    unverify(world, user_id)
    assert world.login("alice").status_code == 212
    [mail] = mails_of(world, user_id)
    address = world.user(user_id)["email"]
    assert mail.subject == f"Changed {address}"
    assert re.fullmatch(rf"Id {ID.pattern}! To {address}", mail.text)
    assert mail.html == f"<p>{mail.text}</p>"


def test_a_registration_is_verified_by_its_mail(world: World) -> None:
    verify_registrations(world)
    user_id = linked_person(world)
    register(world, user_id)
    [mail] = mails_of(world, user_id)
    assert world.login("alice").status_code == 213
    assert mails_of(world, user_id) == [mail]
    assert verify(world, found(ID, mail.text), None, REGISTRATION).status_code == 200
    assert world.login("alice").status_code == 200


def test_a_stranger_has_the_mail_sent_again(world: World) -> None:
    user_id = linked_person(world)
    verify_emails(world)
    unverify(world, user_id)
    email = world.user(user_id)["email"]
    assert world.service.call("PUT", EMAIL, key="", params={"email": email}).status_code == 200
    assert do_what_strangers_asked(world.service) == 1
    [mail] = mails_of(world, user_id)
    assert verify(world, found(ID, mail.text)).status_code == 200
    assert world.service.call("PUT", EMAIL, key="", params={"email": email}).status_code == 200
    assert do_what_strangers_asked(world.service) == 1
    assert mails_of(world, user_id) == [mail]


def test_a_stranger_has_the_mail_for_a_registration_sent_again(world: World) -> None:
    verify_registrations(world)
    user_id = linked_person(world)
    register(world, user_id)
    query = {"email": world.user(user_id)["email"], "applicationId": world.application_id}
    assert world.service.call("PUT", REGISTRATION, key="", params=query).status_code == 200
    assert do_what_strangers_asked(world.service) == 1
    first, second = mails_of(world, user_id)
    assert verify(world, found(ID, second.text), None, REGISTRATION).status_code == 200
    assert verify(world, found(ID, first.text), None, REGISTRATION).status_code == 404


def test_what_a_stranger_asked_for_is_forgotten_with_its_application(world: World) -> None:
    user_id = linked_person(world)
    body = {"loginId": world.user(user_id)["email"], "applicationId": world.application_id, "state": {"a": 1.50}}
    assert world.service.call("POST", FORGOT, body, key="").status_code == 200
    path = f"/api/application/{world.application_id}"
    assert world.service.call("DELETE", path, params={"hardDelete": "true"}).status_code == 200
    assert do_what_strangers_asked(world.service) == 1
    assert mails_of(world, user_id) == []


def test_an_administrator_who_delivers_the_id_causes_no_mail(world: World) -> None:
    user_id = linked_person(world)
    email = world.user(user_id)["email"]
    assert world.service.client.generate_email_verification_id(email).was_successful()
    assert world.service.client.forgot_password({"loginId": email, "sendForgotPasswordEmail": False}).was_successful()
    assert mails_of(world, user_id) == []


def test_a_new_user_is_mailed_and_the_answer_has_the_id_under_form_field(world: World) -> None:
    verify_emails(world)
    plain = create(world)
    assert plain.keys() == {"user"}
    [mail] = mails_of(world, plain["user"]["id"])
    assert verify(world, found(ID, mail.text)).status_code == 200
    verify_emails(world, **FORM_FIELD)
    answer = create(world)
    secret, user = answer["emailVerificationId"], answer["user"]
    assert answer["verificationIds"] == [{"id": secret, "type": "email", "value": user["email"]}]
    [mail] = mails_of(world, user["id"])
    assert verify(world, secret, found(CODE, mail.text)).status_code == 200
    assert create(world, skipVerification=True).keys() == {"user"}


def test_a_new_user_with_a_registration_gets_a_mail_for_each_and_no_tokens_while_gated(world: World) -> None:
    verify_emails(world, **FORM_FIELD)
    verify_registrations(world, **FORM_FIELD)
    answer = create(world, path="/api/user/registration", registration={"applicationId": world.application_id})
    assert answer.keys() == {
        "user",
        "registration",
        "emailVerificationId",
        "registrationVerificationId",
        "verificationIds",
    }
    of_email, of_registration = mails_of(world, answer["user"]["id"])
    if "registration" in of_email.subject:
        of_email, of_registration = of_registration, of_email
    assert verify(world, answer["emailVerificationId"], found(CODE, of_email.text)).status_code == 200
    secret = answer["registrationVerificationId"]
    assert verify(world, secret, found(CODE, of_registration.text), REGISTRATION).status_code == 200


def test_a_new_user_without_a_password_is_mailed_an_id_to_set_one(world: World) -> None:
    verify_emails(world)
    user = create(world, password=None, sendSetPasswordEmail=True)["user"]
    [mail] = mails_of(world, user["id"])
    secret = found(ID, mail.text)
    body = {"changePasswordId": secret, "password": "staple battery horse"}
    world.clock.advance(minutes=60 * 24 - 1)
    assert world.service.call("POST", CHANGE, body, key="").status_code == 200
    assert world.user(user["id"])["verified"] is True
    login = {"loginId": user["email"], "password": "staple battery horse"}
    assert world.service.call("POST", "/api/login", login).status_code == 200


def test_a_forgotten_password_is_mailed_an_id_and_its_change_is_reported(world: World) -> None:
    user_id = linked_person(world)
    login_id = world.user(user_id)["email"]
    assert world.service.call("POST", FORGOT, {"loginId": login_id}, key="").status_code == 200
    assert do_what_strangers_asked(world.service) == 1
    [mail] = mails_of(world, user_id)
    body = {"changePasswordId": found(ID, mail.text), "password": "staple battery horse"}
    assert world.service.call("POST", CHANGE, body, key="").status_code == 200
    assert len(mails_of(world, user_id)) == 2


def test_another_address_is_verified_anew_where_the_tenant_says_so(world: World) -> None:
    verify_emails(world)
    user_id = linked_person(world)
    world.service.client.verify_email_address_by_user_id({"userId": user_id})
    world.change_user(user_id, email="second@example.com")
    assert world.user(user_id)["verified"] is True
    verify_emails(world, verifyEmailWhenChanged=True)
    first = world.user(user_id)["verifiedInstant"]
    world.change_user(user_id, firstName="Alice")
    assert world.user(user_id)["verified"] is True
    world.change_user(user_id, email="third@example.com")
    assert world.user(user_id)["verified"] is False
    assert world.user(user_id)["verifiedInstant"] == first
    assert world.login("alice").status_code == 212
    [mail] = mails_of(world, user_id)
    assert verify(world, found(ID, mail.text)).status_code == 200
    assert world.user(user_id)["verifiedInstant"] == first


def create(world: World, path: str = "/api/user", **members: Any) -> dict[str, Any]:
    user = {"email": f"{uuid4().hex}@example.com", "password": members.pop("password", "correct horse battery")}
    answer = world.service.call("POST", path, {"user": user} | members)
    assert answer.status_code == 200, answer.text
    found_answer: dict[str, Any] = answer.json()
    return found_answer


def unverify(world: World, user_id: str) -> None:
    """A user from before the tenant verified addresses, say by an import."""
    with world.service.services.db.read() as conn:
        conn.execute("UPDATE users SET verified = false WHERE id = %s", (user_id,))


def test_a_verified_address_and_another_one_are_reported_where_a_template_says_how(world: World) -> None:
    user_id = linked_person(world)
    first = world.user(user_id)["email"]
    verify_emails(
        world,
        emailVerifiedEmailTemplateId=add_template(world, "Now ${user.email} is verified."),
        emailUpdateEmailTemplateId=add_template(world, "No longer ${previousEmail} but ${user.email}."),
    )
    unverify(world, user_id)
    assert verify(world, handed_out(world, user_id)["verificationId"]).status_code == 200
    world.change_user(user_id, firstName="Alice")
    world.change_user(user_id, email="second@example.com")
    found_mails = [(mail.to, mail.text) for mail in queued_mails(world.service)]
    assert found_mails == [
        (first, f"Now {first} is verified."),
        (first, f"No longer {first} but second@example.com."),
    ]


def through(world: World, port: int, **members: Any) -> None:
    verify_emails(world, host="127.0.0.1", port=port, defaultFromEmail="us@example.com", **members)


def test_a_login_speaks_to_no_mail_server(world: World) -> None:
    user_id = linked_person(world)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        through(world, listener.getsockname()[1])
        unverify(world, user_id)
        assert world.login("alice").status_code == 212
        with pytest.raises(BlockingIOError):  # nobody has knocked
            listener.accept()
    assert len(mails_of(world, user_id)) == 1


def test_with_the_smtp_port_closed_a_212_login_answers_in_under_1_s_and_the_mail_arrives_after_the_port_opens(
    world: World,
) -> None:
    user_id = linked_person(world)
    port = closed_port()
    template_id = add_template(world, "As it was.")
    through(world, port, verificationEmailTemplateId=template_id)
    unverify(world, user_id)
    changed = {"emailTemplate": {"defaultTextTemplate": TEMPLATE}}
    assert world.service.call("PATCH", f"/api/email/template/{template_id}", changed).status_code == 200
    answer = world.login("alice")
    assert (answer.status_code, answer.elapsed.total_seconds() < 1) == (212, True)
    courier.deliver_due(world.service.services)
    with SmtpSink(port) as server:
        courier.deliver_due(world.service.services)
        assert server.received == []  # it waits a second after its first try
        world.clock.advance(seconds=1)
        courier.deliver_due(world.service.services)
        [mail] = server.received
    assert mail.recipients == [world.user(user_id)["email"]]
    text = mail.part("plain").strip()
    assert text.endswith(f"To {world.user(user_id)['email']}")
    assert verify(world, found(ID, text)).status_code == 200
    assert world.login("alice").status_code == 200
