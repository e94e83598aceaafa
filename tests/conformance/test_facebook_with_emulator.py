"""The Facebook provider against the Graph emulator, which checks proofs with its own code: logins and every fault."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from requests import post

from identity.domain.model import Claims
from identity.emulators.graph.faults import KINDS, Endpoint
from identity.outbound.http import Client
from identity.providers.facebook.provider import Facebook
from identity.upstream import Outside, UpstreamRefused
from tests.conformance.conftest import outside
from tests.fakes.graph import GraphEmulator

PERSON = "alice"
CALLBACK = "https://app.example.com/back"


@pytest.fixture(scope="module")
def emulator() -> Iterator[GraphEmulator]:
    with GraphEmulator(require_proof=True) as running:
        yield running


@pytest.fixture
def graph(emulator: GraphEmulator) -> GraphEmulator:
    emulator.reset()
    return emulator


def world(graph: GraphEmulator, client: Client) -> Outside:
    return outside(client, graph.url, options={"graph_version": "v26.0", "login_url": graph.url})


def values(graph: GraphEmulator, **members: Any) -> dict[str, Any]:
    own = {"app_id": graph.app_id, "client_secret": graph.app_secret, "profile_fields": "email", "permissions": "email"}
    return own | members


def by_token(graph: GraphEmulator, client: Client) -> Claims:
    return Facebook().claims(values(graph), {"token": graph.access_token(PERSON)}, world(graph, client))


def by_code(graph: GraphEmulator, client: Client) -> Claims:
    data = {"code": graph.code(PERSON, CALLBACK), "redirect_uri": CALLBACK}
    return Facebook().claims(values(graph), data, world(graph, client))


FORMS = pytest.mark.parametrize("form", [by_token, by_code])


def refusal(graph: GraphEmulator, client: Client, data: dict[str, str], **members: Any) -> UpstreamRefused:
    with pytest.raises(UpstreamRefused) as caught:
        Facebook().claims(values(graph, **members), data, world(graph, client))
    return caught.value


@FORMS
def test_facebook_accepts_our_proofs(graph: GraphEmulator, client: Client, form: Any) -> None:
    claims = form(graph, client)
    assert (claims.subject, claims.email) == (graph.id_of(PERSON), "alice@example.com")
    assert claims.raw["name"] == "Alice Adams"
    assert graph.state.tokens.token(claims.token).long_lived is True
    assert claims.image_url.startswith("https://platform-lookaside.fbsbx.com/")
    assert {call["result"] for call in graph.calls()} == {"answered"}


def test_one_connection_carries_all_calls_of_many_logins(client: Client) -> None:
    with GraphEmulator() as own:
        tokens = [own.access_token(PERSON) for _ in range(5)]
        before = own.connections
        for token in tokens:
            Facebook().claims(values(own), {"token": token}, world(own, client))
        assert own.connections == before + 1


def test_the_dialog_that_we_lead_to_gives_a_code_that_we_can_use(graph: GraphEmulator, client: Client) -> None:
    started = Facebook().start(values(graph), CALLBACK, world(graph, client))
    back = post(started.authorization_url, data={"person": PERSON}, allow_redirects=False, timeout=10)
    query = dict(pair.split("=") for pair in back.headers["Location"].partition("?")[2].partition("#")[0].split("&"))
    returned = Facebook().returned(query)
    assert returned is not None
    assert returned.handle == started.handle
    claims = Facebook().claims(values(graph), {**started.kept, **(returned.brought or {})}, world(graph, client))
    assert claims.subject == graph.id_of(PERSON)


def test_somebody_who_says_no_comes_back_without_anything(graph: GraphEmulator, client: Client) -> None:
    started = Facebook().start(values(graph), CALLBACK, world(graph, client))
    back = post(started.authorization_url, data={"deny": "1"}, allow_redirects=False, timeout=10)
    query = dict(pair.split("=") for pair in back.headers["Location"].partition("?")[2].partition("#")[0].split("&"))
    returned = Facebook().returned(query)
    assert returned is not None
    assert (returned.handle, returned.brought) == (started.handle, None)


def test_a_token_of_another_app_is_refused(graph: GraphEmulator, client: Client) -> None:
    foreign = graph.access_token(PERSON, app=graph.add_app().id)
    refused = refusal(graph, client, {"token": foreign})
    assert (refused.code, refused.data["facebookCode"]) == ("FacebookMe", 100)


def test_a_code_of_another_app_or_for_another_address_or_used_before_is_refused(
    graph: GraphEmulator, client: Client
) -> None:
    foreign = graph.code(PERSON, CALLBACK, app=graph.add_app().id)
    elsewhere = graph.code(PERSON, f"{CALLBACK}/elsewhere")
    used = graph.code(PERSON, CALLBACK)
    Facebook().claims(values(graph), {"code": used, "redirect_uri": CALLBACK}, world(graph, client))
    for code in (foreign, elsewhere, used):
        refused = refusal(graph, client, {"code": code, "redirect_uri": CALLBACK})
        assert (refused.code, refused.data["facebookCode"]) == ("FacebookAccessToken", 100)


def test_the_connection_test_knows_a_wrong_secret(graph: GraphEmulator, client: Client) -> None:
    Facebook().check(values(graph), CALLBACK, world(graph, client))
    with pytest.raises(UpstreamRefused) as caught:
        Facebook().check(values(graph, client_secret="wrong"), CALLBACK, world(graph, client))
    assert caught.value.data["facebookCode"] == 1


def kinds_at(endpoint: Endpoint) -> list[str]:
    """What makes the call fail that it strikes."""
    harmless = {"slow", "no_email", "wrong_types", "no_picture"}
    return [name for name, kind in KINDS.items() if endpoint in kind.endpoints and name not in harmless]


@pytest.mark.parametrize("kind", kinds_at(Endpoint.ME))
def test_each_fault_while_the_person_is_read_is_a_refusal(graph: GraphEmulator, client: Client, kind: str) -> None:
    graph.fault(kind, endpoint="me")
    refused = refusal(graph, client, {"token": graph.access_token(PERSON)})
    assert refused.code == ("MissingUniqueId" if kind in {"missing_id", "wrong_id_type"} else "FacebookMe")
    assert refused.data["reason"]
    if KINDS[kind].code is not None:
        code = KINDS[kind].code or 0
        assert refused.data["facebookCode"] == (190 if 458 <= code <= 467 else code)


@pytest.mark.parametrize("kind", kinds_at(Endpoint.ACCESS_TOKEN))
def test_each_fault_of_the_exchange_is_a_refusal(graph: GraphEmulator, client: Client, kind: str) -> None:
    data = {"code": graph.code(PERSON, CALLBACK), "redirect_uri": CALLBACK}
    graph.fault(kind, endpoint="access_token")
    refused = refusal(graph, client, data)
    assert refused.code == "FacebookAccessToken"
    assert refused.data["reason"]


@pytest.mark.parametrize("kind", kinds_at(Endpoint.ACCESS_TOKEN))
def test_no_fault_of_the_exchange_keeps_the_holder_of_a_token_out(
    graph: GraphEmulator, client: Client, kind: str
) -> None:
    token = graph.access_token(PERSON)
    graph.fault(kind, endpoint="access_token")
    assert Facebook().claims(values(graph), {"token": token}, world(graph, client)).token == token


@pytest.mark.parametrize("kind", kinds_at(Endpoint.PICTURE))
def test_no_fault_of_the_picture_keeps_anybody_out(graph: GraphEmulator, client: Client, kind: str) -> None:
    graph.fault(kind, endpoint="picture")
    outside_ = world(graph, client)
    claims = Facebook().claims(values(graph), {"token": graph.access_token(PERSON)}, outside_)
    assert (claims.subject, claims.image_url) == (graph.id_of(PERSON), None)
    assert [failure.code for failure in outside_.overlooked] == ["FacebookMePicture"]


def test_a_person_without_an_address_or_with_nonsense_for_it_has_none(graph: GraphEmulator, client: Client) -> None:
    for kind in ("no_email", "wrong_types"):
        graph.fault(kind, times=1)
        claims = by_token(graph, client)
        assert (claims.subject, claims.email) == (graph.id_of(PERSON), None)


def test_every_kind_of_fault_is_met_somewhere_here() -> None:
    met = {kind for endpoint in (Endpoint.ME, Endpoint.ACCESS_TOKEN, Endpoint.PICTURE) for kind in kinds_at(endpoint)}
    assert KINDS.keys() - met == {"denied", "slow", "no_email", "wrong_types", "no_picture"}
