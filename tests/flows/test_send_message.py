"""Messages to phones: what is posted to which gateway, and that none is lost."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

from identity.domain.mail import Purpose
from identity.flows import courier
from identity.flows.mail.send_message import queue_message
from identity.flows.services import Services
from identity.outbound.callout import Caller
from identity.outbound.guard import Guard
from identity.settings import Sms
from identity.store import applications, tenants, users
from tests.fakes.sink import Sink, answer, closed_port, silence
from tests.login_world import World, login_world

CANARY = "canary-of-the-message"
PHONE = "+15555550142"


def messenger(world: World, url: str, **members: Any) -> str:
    body = {"messenger": {"name": str(uuid4()), "type": "Generic", "url": url, **members}}
    made = world.service.call("POST", "/api/messenger", body)
    assert made.status_code == 200, made.text
    messenger_id = str(made.json()["messenger"]["id"])
    sms(world, messengerId=messenger_id)
    return messenger_id


def template(world: World, text: str, **members: Any) -> str:
    body = {"messageTemplate": {"name": str(uuid4()), "type": "SMS", "defaultTemplate": text, **members}}
    made = world.service.call("POST", "/api/message/template", body)
    assert made.status_code == 200, made.text
    return str(made.json()["messageTemplate"]["id"])


def sms(world: World, **members: Any) -> None:
    change(world, "tenant", str(world.service.tenant_id), sms=members)


def change(world: World, kind: str, id: str, **methods: Any) -> None:
    body = {kind: {"multiFactorConfiguration": methods}}
    changed = world.service.call("PATCH", f"/api/{kind}/{id}", body)
    assert changed.status_code == 200, changed.text


def queue(world: World, user: Mapping[str, Any], *, with_application: bool = False) -> bool:
    services = world.service.services
    with services.db.transaction() as conn:
        tenant = tenants.get(conn, world.service.tenant_id)
        found = users.get(conn, world.service.tenant_id, UUID(str(user["id"])))
        application = applications.get(conn, UUID(world.application_id)) if with_application else None
        assert tenant is not None
        assert found is not None
        return queue_message(
            conn, services, tenant, Purpose.TWO_FACTOR_CODE, found, PHONE, {"code": CANARY}, application=application
        )


def posted(sink: Sink) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(sink.requests[-1].body)
    return body


def test_the_gateway_gets_number_text_and_code_as_fusionauths_generic_messenger_sends_them(world: World) -> None:
    user = world.add_user(username="ada")
    with Sink([answer(200)]) as sink:
        messenger(
            world,
            f"{sink.url}/send?to=us",
            headers={"X-Gateway": "token", "content-type": "application/json; v=2"},
            httpAuthenticationUsername="us",
            httpAuthenticationPassword="pässword",
        )
        assert queue(world, user)
        assert courier.deliver_due(world.service.services) == 1
        [request] = sink.requests
    assert (request.method, request.target) == ("POST", "/send?to=us")
    assert posted(sink) == {
        "code": CANARY,
        "phoneNumber": PHONE,
        "textMessage": f"Your code is {CANARY}",
        "type": "SMS",
        "userId": user["id"],
    }
    assert (request.headers["x-gateway"], request.headers["content-type"]) == ("token", "application/json; v=2")
    assert base64.b64decode(request.headers["authorization"].removeprefix("Basic ")).decode() == "us:pässword"
    assert world.count("outbox") == 0


def test_the_chosen_template_is_sent_in_the_persons_language_and_an_applications_wins(world: World) -> None:
    user = world.add_user(username="ada", preferredLanguages=["de"])
    with Sink([answer(204)]) as sink:
        messenger(world, sink.url)
        sms(world, templateId=template(world, "Code ${code}", localizedTemplates={"de": "Kode ${code}"}))
        queue(world, user)
        courier.deliver_due(world.service.services)
        assert posted(sink)["textMessage"] == f"Kode {CANARY}"
        own = {"templateId": template(world, "Own ${code}")}
        change(world, "application", world.application_id, sms=own)
        queue(world, user, with_application=True)
        courier.deliver_due(world.service.services)
        assert posted(sink)["textMessage"] == f"Own {CANARY}"


def test_without_a_messenger_nothing_is_queued(world: World) -> None:
    assert not queue(world, world.add_user(username="ada"))
    assert world.count("outbox") == 0


def test_a_tenant_without_a_messenger_has_the_services_own_gateway(database_url: str) -> None:
    with Sink([answer(200)]) as sink, login_world(database_url, sms=Sms(f"{sink.url}/own")) as world:
        assert queue(world, world.add_user(username="ada"))
        courier.deliver_due(world.service.services)
        assert sink.requests[0].target == "/own"


def test_no_message_is_lost_while_the_gateway_is_away(world: World) -> None:
    user = world.add_user(username="ada")
    with Sink([answer(500), answer(302, location="http://127.0.0.1/"), answer(200)]) as sink:
        chosen = messenger(world, f"http://127.0.0.1:{closed_port()}")
        queue(world, user)
        courier.deliver_due(world.service.services)
        changed = world.service.call("PATCH", f"/api/messenger/{chosen}", {"messenger": {"url": sink.url}})
        assert changed.status_code == 200
        for seconds in (1, 10, 60):
            world.clock.advance(seconds=seconds)
            courier.deliver_due(world.service.services)
        assert len(sink.requests) == 3
    assert world.count("outbox") == 0


def test_a_message_that_was_given_up_is_told_without_its_code_and_whose_number_it_is(world: World) -> None:
    messenger(world, f"http://127.0.0.1:{closed_port()}")
    queue(world, world.add_user(username="ada"))
    for _ in range(4):
        courier.deliver_due(world.service.services)
        world.clock.advance(minutes=2)
    [message] = world.messages("Error")
    assert "message to ***42 was given up" in message
    assert "can not be reached: connect" in message
    assert CANARY not in message
    assert PHONE not in message


def test_with_debug_each_message_leaves_an_entry(world: World) -> None:
    with Sink([answer(200)]) as sink:
        messenger(world, sink.url, debug=True, headers={"X-Token": CANARY})
        queue(world, world.add_user(username="ada"))
        courier.deliver_due(world.service.services)
    [message] = world.messages("Debug")
    assert "It was taken." in message
    assert CANARY not in message


def test_a_gateway_that_is_not_public_is_not_called_unless_the_operator_says_so(world: World) -> None:
    services = world.service.services
    with Sink([answer(200)]) as sink:
        messenger(world, sink.url)
        queue(world, world.add_user(username="ada"))
        courier.deliver_due(_guarded(services))
        assert sink.requests == []
    assert world.rows("SELECT last_failure FROM outbox") == [("the messenger can not be reached: forbidden",)]


def _guarded(services: Services) -> Services:
    return replace(services, caller=Caller(services.runtime, Guard()))


def test_a_slow_gateway_is_left_when_its_time_is_over(world: World) -> None:
    with Sink([silence]) as sink:
        messenger(world, sink.url, readTimeout=100, connectTimeout=100)
        queue(world, world.add_user(username="ada"))
        courier.deliver_due(world.service.services)
    assert world.rows("SELECT last_failure FROM outbox") == [("the messenger can not be reached: timeout",)]


def test_what_a_message_says_can_not_be_read_in_the_outbox(world: World) -> None:
    messenger(world, "https://sms.example.com")
    queue(world, world.add_user(username="ada"))
    [(row,)] = world.rows("SELECT outbox::text FROM outbox")
    assert CANARY not in row
    assert PHONE not in row
