"""Mails: what they say and to whom, through which server they go, and that none is lost or sent without its cause."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID, uuid4

import pytest

from identity.domain.mail import Purpose
from identity.flows import courier
from identity.flows.mail.send_mail import queue_mail
from identity.settings import Mail
from identity.store import applications, outbox, tenants, users
from tests.fakes.sink import closed_port
from tests.fakes.smtp import Received, SmtpSink
from tests.login_world import World, login_world, wrong_fields

CANARY = "canary-of-the-mail"


@pytest.fixture
def sink() -> Iterator[SmtpSink]:
    with SmtpSink() as server:
        yield server


def set_mail(world: World, **members: Any) -> None:
    answer = world.service.call(
        "PATCH", f"/api/tenant/{world.service.tenant_id}", {"tenant": {"emailConfiguration": members}}
    )
    assert answer.status_code == 200, answer.text


def through(world: World, port: int, **members: Any) -> None:
    set_mail(world, host="127.0.0.1", port=port, defaultFromEmail="us@example.com", **members)


def template(world: World, subject: str, **members: Any) -> str:
    texts = {"defaultSubject": subject, "defaultTextTemplate": subject, "defaultHtmlTemplate": f"<b>{subject}</b>"}
    body = {"emailTemplate": {"name": str(uuid4()), **texts, **members}}
    answer = world.service.call("POST", "/api/email/template", body)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["emailTemplate"]["id"])


def queue(
    world: World,
    user: Mapping[str, Any],
    purpose: Purpose = Purpose.TWO_FACTOR_CODE,
    *,
    with_application: bool = False,
    variables: Mapping[str, object] | None = None,
    **options: Any,
) -> bool:
    services = world.service.services
    with services.db.transaction() as conn:
        tenant = tenants.get(conn, world.service.tenant_id)
        found = users.get(conn, world.service.tenant_id, UUID(str(user["id"])))
        application = applications.get(conn, UUID(world.application_id)) if with_application else None
        assert tenant is not None
        assert found is not None
        given = {"code": CANARY, "verification_id": CANARY} if variables is None else variables
        return queue_mail(conn, services, tenant, application, purpose, found, given, **options)


def sent(world: World, sink: SmtpSink, user: Mapping[str, Any], **options: Any) -> Received:
    before = len(sink.received)
    assert queue(world, user, **options)
    courier.deliver_due(world.service.services)
    assert len(sink.received) == before + 1, world.messages("Error")
    return sink.received[-1]


def test_without_a_template_a_built_in_one_is_sent(world: World, sink: SmtpSink) -> None:
    through(world, sink.port, defaultFromName="Us")
    mail = sent(world, sink, world.add_user(email="ada@example.com", firstName="Ada", lastName="<L>"))
    assert (mail.sender, mail.recipients) == ("us@example.com", ["ada@example.com"])
    assert str(mail.message["From"]) == "Us <us@example.com>"
    assert "Hello Ada <L>," in mail.part("plain")
    assert "Hello Ada &lt;L&gt;," in mail.part("html")
    assert CANARY in mail.part("plain")


def test_the_chosen_template_is_sent_in_the_persons_language(world: World, sink: SmtpSink) -> None:
    chosen = template(
        world,
        "Code ${code} of ${tenant.name}",
        localizedSubjects={"de": "Kode ${code} für ${user.firstName}"},
        fromEmail="codes@example.com",
        defaultFromName="Codes",
    )
    through(world, sink.port)
    answer = world.service.call(
        "PATCH",
        f"/api/tenant/{world.service.tenant_id}",
        {"tenant": {"multiFactorConfiguration": {"email": {"templateId": chosen}}}},
    )
    assert answer.status_code == 200, answer.text
    user = world.add_user(email="ada@example.com", firstName="Ada", preferredLanguages=["fr", "de_AT"])
    mail = sent(world, sink, user)
    assert mail.message["Subject"] == f"Kode {CANARY} für Ada"
    assert mail.part("plain").strip() == f"Code {CANARY} of Default"
    assert str(mail.message["From"]) == "Codes <codes@example.com>"


def test_a_change_of_the_template_is_in_the_next_mail_and_not_in_a_queued_one(world: World, sink: SmtpSink) -> None:
    chosen = template(world, "old")
    set_mail(world, forgotPasswordEmailTemplateId=chosen)
    through(world, sink.port)
    user = world.add_user(email="ada@example.com")
    assert queue(world, user, Purpose.FORGOT_PASSWORD)
    world.service.call("PATCH", f"/api/email/template/{chosen}", {"emailTemplate": {"defaultSubject": "new"}})
    later = sent_after(world, sink, user)
    assert [each.message["Subject"] for each in later] == ["old", "new"]


def sent_after(world: World, sink: SmtpSink, user: Mapping[str, Any]) -> list[Received]:
    """Everything that is in the outbox, and one more mail."""
    courier.deliver_due(world.service.services)
    sent(world, sink, user, purpose=Purpose.FORGOT_PASSWORD)
    return sink.received


def test_an_applications_template_comes_before_the_tenants(world: World, sink: SmtpSink) -> None:
    set_mail(world, passwordUpdateEmailTemplateId=template(world, "the tenant's"))
    through(world, sink.port)
    own = {"application": {"emailConfiguration": {"passwordUpdateEmailTemplateId": template(world, "its own")}}}
    assert world.service.call("PATCH", f"/api/application/{world.application_id}", own).status_code == 200
    user = world.add_user(email="ada@example.com")
    mails = [sent(world, sink, user, purpose=Purpose.PASSWORD_UPDATE, with_application=own) for own in (False, True)]
    assert [mail.message["Subject"] for mail in mails] == ["the tenant's", "its own"]


@pytest.mark.parametrize(
    ("purpose", "settings"),
    [
        (Purpose.REGISTRATION_VERIFICATION, {"verificationEmailTemplateId": "ID"}),
        (Purpose.EMAIL_VERIFICATION, {"emailConfiguration": {"emailVerificationEmailTemplateId": "ID"}}),
        (Purpose.TWO_FACTOR_CODE, {"multiFactorConfiguration": {"email": {"templateId": "ID"}}}),
    ],
)
def test_an_application_names_its_templates_in_places_of_their_own(
    world: World, sink: SmtpSink, purpose: Purpose, settings: dict[str, Any]
) -> None:
    through(world, sink.port)
    chosen = template(world, "For ${application.name}")
    body = {"application": _with_id(settings, chosen)}
    assert world.service.call("PATCH", f"/api/application/{world.application_id}", body).status_code == 200
    mail = sent(world, sink, world.add_user(email="a@b"), purpose=purpose, with_application=True)
    assert mail.message["Subject"].startswith("For ")


def _with_id(settings: Any, chosen: str) -> Any:
    if isinstance(settings, dict):
        return {name: _with_id(value, chosen) for name, value in settings.items()}
    return chosen


def test_a_template_of_the_callers_choice_is_sent(world: World, sink: SmtpSink) -> None:
    through(world, sink.port)
    user = world.add_user(email="ada@example.com")
    assert not queue(world, user, Purpose.USER_ACTION)
    mail = sent(
        world,
        sink,
        user,
        purpose=Purpose.USER_ACTION,
        template_id=UUID(template(world, "${action.name}")),
        variables={"action": {"name": "Suspended"}},
    )
    assert mail.message["Subject"] == "Suspended"


def test_mail_goes_to_the_users_address_else_to_the_one_in_data_else_nowhere(world: World, sink: SmtpSink) -> None:
    through(world, sink.port)
    both = world.add_user(email="first@example.com", data={"email": "second@example.com"})
    only_data = world.add_user(username="second", data={"email": "second@example.com"})
    nowhere = world.add_user(username="third", data={"email": 7})
    assert sent(world, sink, both).recipients == ["first@example.com"]
    assert sent(world, sink, only_data).recipients == ["second@example.com"]
    assert sent(world, sink, nowhere, to="method@example.com").recipients == ["method@example.com"]
    assert not queue(world, nowhere)


def test_an_address_that_reads_as_another_one_gets_no_mail(world: World) -> None:
    user = world.add_user(email="x<victim@example.com")
    assert not queue(world, user)
    assert world.count("outbox") == 0


def test_no_mail_is_lost_while_the_server_is_away(world: World) -> None:
    port = closed_port()
    through(world, port)
    queue(world, world.add_user(email="ada@example.com"))
    services = world.service.services
    assert courier.deliver_due(services) == 1
    world.clock.advance(seconds=1)
    assert courier.deliver_due(services) == 1
    with SmtpSink(port) as sink:
        world.clock.advance(seconds=10)
        assert courier.deliver_due(services) == 1
        [mail] = sink.received
    assert mail.recipients == ["ada@example.com"]
    assert world.count("outbox") == 0


def test_a_mail_that_was_given_up_is_told_and_can_be_sent_again_through_a_better_server(
    world: World, sink: SmtpSink
) -> None:
    through(world, closed_port())
    queue(world, world.add_user(email="ada@example.com"))
    services = world.service.services
    for _ in range(4):
        courier.deliver_due(services)
        world.clock.advance(minutes=2)
    [message] = world.messages("Error")
    assert "mail TWO_FACTOR_CODE to a***@example.com was given up" in message
    assert "can not be reached" in message
    through(world, sink.port)
    with services.db.read() as conn:
        assert outbox.resend(conn, services.runtime.now(), kind="mail") == 1
    courier.deliver_due(services)
    assert len(sink.received) == 1


def test_a_mail_that_the_server_will_never_take_is_given_up_at_once(world: World) -> None:
    with SmtpSink(answers={"RCPT": "550 nobody of that name"}) as refusing:
        through(world, refusing.port)
        queue(world, world.add_user(email="ada@example.com"))
        courier.deliver_due(world.service.services)
    [message] = world.messages("Error")
    assert "550 nobody of that name" in message
    assert world.rows("SELECT failed_instant IS NOT NULL FROM outbox") == [(True,)]


def test_each_try_of_one_mail_has_the_same_message_id(world: World) -> None:
    user = world.add_user(email="ada@example.com")
    with SmtpSink(answers={"DATA": "451 later"}) as sink:
        through(world, sink.port)
        queue(world, user)
        courier.deliver_due(world.service.services)
        [(parcel_id,)] = world.rows("SELECT id FROM outbox")
        sink.answers.clear()
        world.clock.advance(seconds=1)
        courier.deliver_due(world.service.services)
        assert sink.received[0].message["Message-ID"] == f"<{parcel_id}@example.com>"


def test_one_persons_mail_does_not_wait_for_anothers(world: World) -> None:
    with SmtpSink() as sink:
        through(world, closed_port())
        user = world.add_user(email="ada@example.com")
        queue(world, user)
        courier.deliver_due(world.service.services)
        through(world, sink.port)
        queue(world, user)
        courier.deliver_due(world.service.services)
        assert len(sink.received) == 1


def test_username_and_password_and_additional_headers_are_the_tenants(world: World) -> None:
    password = "canary-of-the-smtp-password"
    with SmtpSink(accounts={"us": password}) as sink:
        headers = [{"name": "X-Tenant", "value": "ours"}, {"name": "X-Empty"}]
        through(world, sink.port, username="us", password=password, additionalHeaders=headers, debug=True)
        mail = sent(world, sink, world.add_user(email="ada@example.com"))
    assert (mail.username, mail.message["X-Tenant"]) == ("us", "ours")
    [(settings,)] = world.rows("SELECT settings::text FROM tenants WHERE id = %s", world.service.tenant_id)
    assert password not in settings
    [message] = world.messages("Debug")
    assert "was tried" in message
    assert "canary" not in message


def test_what_a_mail_says_can_not_be_read_in_the_outbox(world: World) -> None:
    queue(world, world.add_user(email="ada@example.com"))
    [(row,)] = world.rows("SELECT outbox::text FROM outbox")
    assert CANARY not in row
    assert "ada@example.com" not in row


@pytest.mark.parametrize(
    ("headers", "wrong"),
    [
        ([{"name": "Bcc", "value": "x@example.com"}], "[0].name"),
        ([{"name": "X-Fine", "value": "x"}, {"name": "X Y", "value": "x"}], "[1].name"),
        ([{"value": "x"}], "[0].name"),
        ([{"name": "X-A", "value": "a\r\nBcc: b@example.com"}], "[0].value"),
    ],
)
def test_a_tenant_adds_no_header_that_is_not_its_to_add(world: World, headers: list[Any], wrong: str) -> None:
    tenant = {"name": str(uuid4()), "emailConfiguration": {"additionalHeaders": headers}}
    path = f"tenant.emailConfiguration.additionalHeaders{wrong}"
    assert wrong_fields(world.service.call("POST", "/api/tenant", {"tenant": tenant})) == {path: f"[invalid]{path}"}


@pytest.mark.parametrize("envelope", ["tenant", "application"])
def test_who_names_a_template_that_is_none_is_refused(world: World, envelope: str) -> None:
    nobody = str(uuid4())
    settings = {
        "name": str(uuid4()),
        "emailConfiguration": {"forgotPasswordEmailTemplateId": nobody},
        "multiFactorConfiguration": {"email": {"templateId": nobody}, "sms": {"templateId": nobody}},
    }
    paths = {
        "emailConfiguration.forgotPasswordEmailTemplateId",
        "multiFactorConfiguration.email.templateId",
        "multiFactorConfiguration.sms.templateId",
    }
    answer = world.service.call("POST", f"/api/{envelope}", {envelope: settings})
    assert wrong_fields(answer) == {f"{envelope}.{path}": f"[invalid]{envelope}.{path}" for path in paths}


def test_a_sender_that_is_no_address_is_refused(world: World) -> None:
    tenant = {"name": str(uuid4()), "emailConfiguration": {"defaultFromEmail": "us <us@example.com>"}}
    path = "tenant.emailConfiguration.defaultFromEmail"
    assert wrong_fields(world.service.call("POST", "/api/tenant", {"tenant": tenant})) == {path: f"[notEmail]{path}"}


def test_a_tenant_that_names_no_server_has_the_services_own(database_url: str, sink: SmtpSink) -> None:
    with login_world(database_url, mail=Mail("127.0.0.1", sink.port)) as world:
        user = world.add_user(email="ada@example.com")
        mail = sent(world, sink, user)
        set_mail(world, host="", defaultFromEmail="", defaultFromName="")
        blank = sent(world, sink, user)
    assert [mail.sender, blank.sender] == ["change-me@example.com"] * 2
