"""An application's own consumer key and secret (login contract 2.7), by the logins that X takes or refuses."""

from __future__ import annotations

from typing import Any

import pytest

from tests.login_world import World, refused


def pair(world: World) -> dict[str, Any]:
    return {"consumerKey": world.x.consumer_key, "consumerSecret": world.x.consumer_secret}


def test_an_applications_own_pair_is_used_instead_of_the_providers(world: World) -> None:
    world.configure(consumerKey="another app", consumerSecret="its secret", **world.override(**pair(world)))
    assert world.logged_in("alice", verifier=True)["token"]


def test_half_a_pair_mixes_two_apps_and_x_refuses_it(world: World) -> None:
    half = {"consumerKey": world.x.consumer_key}
    world.configure(consumerKey="another app", consumerSecret="its secret", **world.override(**half))
    answer = world.login("alice")
    assert refused(answer) == "[TwitterVerifyCredentials]"
    assert answer.json()["generalErrors"][0]["data"]["twitterCodes"] == [32]


@pytest.mark.parametrize("blank", ["", "  ", None])
def test_a_blank_override_falls_back_to_the_providers_value(world: World, blank: object) -> None:
    world.configure(**world.override(consumerKey=blank, consumerSecret=blank, buttonText=blank))
    assert world.logged_in("alice")["token"]
