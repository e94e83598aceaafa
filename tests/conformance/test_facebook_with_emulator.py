"""The provider against the Graph emulator, which checks proofs with its own code: good logins and every fault."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from identity.domain.model import Claims
from identity.domain.trace import Trace
from identity.emulators.graph.faults import KINDS, Endpoint
from identity.outbound.http import Client
from identity.providers.facebook.provider import Facebook
from identity.runtime import Runtime
from identity.upstream import Outside, UpstreamRefused
from tests.fakes.graph import GraphEmulator

PERSON = "alice"
BACK = "https://app.example.test/back"
HARMLESS = {"slow", "no_email", "wrong_types", "denied"}
"""Kinds that change what comes back or when, and refuse nobody."""

PROFILE = [kind for kind in KINDS if Endpoint.ME in KINDS[kind].endpoints and kind not in HARMLESS]
EXCHANGE = [kind for kind in KINDS if Endpoint.ACCESS_TOKEN in KINDS[kind].endpoints and kind not in HARMLESS]
PICTURE = [kind for kind in KINDS if Endpoint.PICTURE in KINDS[kind].endpoints and kind != "slow"]


@pytest.fixture(scope="module")
def emulator() -> Iterator[GraphEmulator]:
    with GraphEmulator(require_proof=True) as running:
        yield running


@pytest.fixture
def graph(emulator: GraphEmulator) -> GraphEmulator:
    emulator.reset()
    return emulator


def outside(graph: GraphEmulator, client: Client) -> Outside:
    options = {"graph_version": "v26.0", "login_url": graph.url}
    return Outside(http=client, runtime=Runtime(), api_url=graph.url, trace=Trace(lambda: 0), options=options)


def values(graph: GraphEmulator) -> dict[str, str]:
    return {
        "app_id": graph.app_id,
        "client_secret": graph.app_secret,
        "permissions": "email",
        "profile_fields": "first_name",
    }


def by_token(graph: GraphEmulator, world: Outside) -> Claims:
    return Facebook().claims(values(graph), {"token": graph.access_token(PERSON)}, world)


def by_code(graph: GraphEmulator, world: Outside) -> Claims:
    return Facebook().claims(values(graph), {"code": graph.code(PERSON, BACK), "redirect_uri": BACK}, world)


FORMS = pytest.mark.parametrize("form", [by_token, by_code])


@FORMS
def test_facebook_accepts_our_proofs(graph: GraphEmulator, client: Client, form: Any) -> None:
    world = outside(graph, client)
    claims = form(graph, world)
    assert (claims.subject, claims.email, claims.name) == (graph.id_of(PERSON), "alice@example.com", "Alice Adams")
    assert claims.raw["first_name"] == "Alice"
    assert claims.image_url
    assert world.overlooked == []


def test_one_connection_carries_all_calls_of_many_logins(client: Client) -> None:
    with GraphEmulator() as own:
        tokens = [own.access_token(PERSON) for _ in range(5)]
        before = own.connections
        for token in tokens:
            Facebook().claims(values(own), {"token": token}, outside(own, client))
        assert own.connections == before + 1


@FORMS
def test_another_secret_than_the_apps_is_refused(graph: GraphEmulator, client: Client, form: Any) -> None:
    token_or_code = {"token": graph.access_token(PERSON)}
    if form is by_code:
        token_or_code = {"code": graph.code(PERSON, BACK), "redirect_uri": BACK}
    with pytest.raises(UpstreamRefused) as caught:
        Facebook().claims({**values(graph), "client_secret": "x" * 32}, token_or_code, outside(graph, client))
    assert caught.value.data["facebookCode"] == (1 if form is by_code else 100)


@pytest.mark.parametrize("kind", PROFILE)
@FORMS
def test_each_fault_while_the_profile_is_read_is_a_refusal(
    graph: GraphEmulator, client: Client, form: Any, kind: str
) -> None:
    graph.fault(kind, endpoint="me")
    with pytest.raises(UpstreamRefused) as caught:
        form(graph, outside(graph, client))
    expected = "MissingUniqueId" if kind in {"missing_id", "wrong_id_type"} else "FacebookMe"
    assert (caught.value.code, bool(caught.value.data["reason"])) == (expected, True)


@pytest.mark.parametrize("kind", EXCHANGE)
def test_each_fault_of_an_exchange_refuses_a_code_and_not_a_token(
    graph: GraphEmulator, client: Client, kind: str
) -> None:
    graph.fault(kind, endpoint="access_token")
    with pytest.raises(UpstreamRefused) as caught:
        by_code(graph, outside(graph, client))
    assert caught.value.code == "FacebookAccessToken"
    world = outside(graph, client)
    assert by_token(graph, world).subject == graph.id_of(PERSON)
    assert [failure.code for failure in world.overlooked] == ["FacebookAccessToken"]


@pytest.mark.parametrize("kind", PICTURE)
def test_no_fault_of_the_picture_ends_a_login(graph: GraphEmulator, client: Client, kind: str) -> None:
    graph.fault(kind, endpoint="picture")
    assert by_token(graph, outside(graph, client)).image_url is None


def test_a_profile_of_wrong_types_still_names_its_person(graph: GraphEmulator, client: Client) -> None:
    graph.fault("wrong_types", endpoint="me")
    claims = by_token(graph, outside(graph, client))
    assert (claims.subject, claims.email, claims.name) == (graph.id_of(PERSON), None, None)
