"""Signing in with Facebook, played: the button beside that of X, the dialog, and the way back."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.browser.playing import TWITTER_BUTTON, Play
from tests.browser.visitor import ALL_WAYS
from tests.facebook_world import FACEBOOK, FacebookWorld, with_facebook
from tests.fakes.graph import GraphEmulator
from tests.login_world import create_provider

BUTTON = "Login with Facebook"
ALICE = re.compile("^Alice Adams alice@example.com - the usual case$")


@pytest.fixture
def facebook(play: Play, graph: GraphEmulator) -> Iterator[FacebookWorld]:
    """The visitor's application takes people of Facebook too."""
    graph.reset()
    world = with_facebook(play.world, graph)
    create_provider(world)
    yield world
    answer = world.service.call("DELETE", f"/api/identity-provider/{FACEBOOK}")
    assert answer.status_code == 200, answer.text


def go_to_facebook(play: Play) -> None:
    play.begin()
    play.visitor.press(BUTTON)


@ALL_WAYS
def test_a_person_of_facebook_is_signed_in(play: Play, facebook: FacebookWorld) -> None:
    play.begin()
    play.sees("Sign in")
    shown = play.visitor.page.get_by_role("button", name=re.compile("^Login with"))
    assert [text.strip() for text in shown.all_text_contents()] == [TWITTER_BUTTON, BUTTON]
    play.visitor.press(BUTTON)
    play.visitor.press(ALICE)
    user = play.is_signed_in()
    assert user["email"] == "alice@example.com"
    assert [link["identityProviderType"] for link in facebook.links(user["sub"])] == ["Facebook"]


@ALL_WAYS
def test_who_says_no_at_facebook_may_choose_another_way(play: Play, facebook: FacebookWorld) -> None:
    go_to_facebook(play)
    play.visitor.press("Cancel")
    play.is_told("You said no at Facebook. You can try again, or sign in another way.", role="status")
    play.type_password()
    play.is_in()


def test_who_keeps_the_address_back_is_told_what_is_missing(play: Play, facebook: FacebookWorld) -> None:
    go_to_facebook(play)
    play.visitor.page.get_by_label("Do not give it the e-mail address").check()
    play.visitor.press(ALICE)
    play.is_told(re.compile("e-mail"))
    play.visitor.press(BUTTON)
    play.visitor.press(ALICE)
    assert play.is_signed_in()["email"] == "alice@example.com"


@pytest.mark.parametrize("kind", ["expired", "transient", "html"])
def test_a_login_that_facebook_does_not_finish_can_be_tried_again(
    play: Play, facebook: FacebookWorld, kind: str
) -> None:
    fault = facebook.graph.fault(kind, endpoint="me")
    go_to_facebook(play)
    play.visitor.press(ALICE)
    play.is_told("Facebook")
    facebook.graph.control("DELETE", f"faults/{fault}")
    play.visitor.press(BUTTON)
    play.visitor.press(ALICE)
    assert play.is_signed_in()["email"] == "alice@example.com"


def test_hostile_names_are_only_text(play: Play, facebook: FacebookWorld) -> None:
    facebook.configure(**facebook.override(createRegistration=True, buttonText="<script>alert(1)</script>"))
    play.begin()
    play.sees("Sign in")
    play.visitor.press("<script>alert(1)</script>")
    play.visitor.press(re.compile("mallory@example.com"))
    assert play.is_signed_in()["email"] == "mallory@example.com"
