"""A login whose client names the app that its token was issued to, and what a door keeps in the link's data."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from identity.domain.link_notes import LinkNotes
from identity.domain.outcome import LoginOutcome, Verdict
from identity.domain.trace import Trace
from identity.flows.login.complete_login import complete_login
from identity.flows.login.login_attempt import LoginRequest
from tests.login_world import TWITTER, World


def log_in(world: World, person: str = "alice", **members: Any) -> LoginOutcome:
    token, secret = world.x.access_token(person)
    data = {"oauth_token": token, "oauth_token_secret": secret}
    request = LoginRequest(UUID(world.application_id), UUID(TWITTER), data, **members)
    services = world.service.services
    return complete_login(services, request, Trace(services.runtime.now))


def own_app(world: World) -> dict[str, str]:
    return {"consumer_key": world.x.consumer_key, "consumer_secret": world.x.consumer_secret}


def link_data(world: World) -> dict[str, Any]:
    [(data,)] = world.rows("SELECT data FROM links")
    return dict(data)


def test_a_client_that_names_this_service_s_app_logs_in(world: World) -> None:
    assert log_in(world, app=own_app(world)).verdict is Verdict.LOGGED_IN


@pytest.mark.parametrize("member", ["consumer_key", "consumer_secret"])
def test_a_client_that_names_another_app_is_refused_before_x_is_asked(world: World, member: str) -> None:
    outcome = log_in(world, app=own_app(world) | {member: "another app's"})
    assert (outcome.verdict, outcome.problem and outcome.problem.code) == (Verdict.REFUSED, "[OtherApp]")
    assert world.x.calls() == []
    assert world.nothing_written()


def test_the_app_of_the_application_is_its_own_where_it_overrides_the_provider_s(world: World) -> None:
    own = {"consumerKey": world.x.consumer_key, "consumerSecret": world.x.consumer_secret}
    world.configure(consumerKey="the other app", consumerSecret="its secret", **world.override(**own))
    assert log_in(world, app=own_app(world)).verdict is Verdict.LOGGED_IN
    others = {"consumer_key": "the other app", "consumer_secret": "its secret"}
    assert log_in(world, app=others).verdict is Verdict.REFUSED


def test_the_link_keeps_what_the_door_notes_from_its_first_login_on(world: World) -> None:
    notes = LinkNotes({"expiresAt": 5}, ("name", "no_such_member"))
    log_in(world, notes=notes)
    assert link_data(world) == {"expiresAt": 5, "name": world.x.person("alice")["name"]}


def test_later_notes_change_their_own_members_and_a_login_without_notes_changes_none(world: World) -> None:
    log_in(world, notes=LinkNotes({"expiresAt": 5, "first": True}))
    log_in(world, notes=LinkNotes({"expiresAt": 6}))
    assert link_data(world) == {"expiresAt": 6, "first": True}
    assert world.login("alice").status_code == 200
    assert link_data(world) == {"expiresAt": 6, "first": True}
