"""What tests of accounts and passwords on hosted pages share: who may register, forms, and mailed links."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

from tests.hosted import Page, Tab
from tests.login_world import World
from tests.password_door import Door
from tests.queued_mails import do_what_strangers_asked, queued_mails

REGISTER, COMPLETE = "/oauth2/register", "/oauth2/complete-registration"
CREATE = "Create the account"
TAKEN = "There is an account with this e-mail address already."
REQUIRED = {"enabled": True, "required": True}
FORGOT, SENT, CHANGE = "/password/forgot", "/password/sent", "/password/change"
DONE, STEP_UP, SIGN_IN = "/password/complete", "/password/second-factor", "/oauth2/authorize"
NEW = "staple battery horse"
SAVE, SEND = "Save the password", "Send the link"
LINK = re.compile(r"\S+/password/change/\S+")
OVER = "This link is no longer valid"


def fresh_email() -> str:
    return f"{uuid4().hex}@example.com"


def let_register(world: World, **members: Any) -> None:
    """The demo application takes people by itself."""
    change = {"application": {"registrationConfiguration": {"enabled": True, **members}}}
    answer = world.service.call("PATCH", f"/api/application/{world.application_id}", change)
    assert answer.status_code == 200, answer.text


def let_validate(world: World, body: str) -> None:
    """The demo application asks this lambda about everybody who registers."""
    document = {"name": f"lambda {uuid4()}", "type": "SelfServiceRegistrationValidation", "body": body}
    made = world.service.call("POST", "/api/lambda", {"lambda": document})
    assert made.status_code == 200, made.text
    change = {
        "application": {"lambdaConfiguration": {"selfServiceRegistrationValidationId": made.json()["lambda"]["id"]}}
    }
    assert world.service.call("PATCH", f"/api/application/{world.application_id}", change).status_code == 200


def user_of(world: World, login_id: str) -> dict[str, Any]:
    answer = world.service.call("GET", "/api/user", params={"loginId": login_id})
    assert answer.status_code == 200, answer.text
    user: dict[str, Any] = answer.json()["user"]
    return user


def at_form(world: World, **headers: str) -> Tab:
    """A browser at the form, by the link of the sign-in page."""
    tab = Tab(world, **headers)
    tab.ask()
    tab.click("Create an account")
    return tab


def error_at(page: Page, name: str) -> str:
    described = page.by_id(f"{name}-error")
    return described.text if described else ""


def mailed_link(world: World) -> str:
    """The link of the youngest mail that has one."""
    do_what_strangers_asked(world.service)
    found = [link for mail in queued_mails(world.service) for link in LINK.findall(mail.text)]
    assert found, [mail.text for mail in queued_mails(world.service)]
    return found[-1]


def forgot(world: World, login_id: str) -> str:
    """The link that somebody gets who has forgotten the password on the way to the demo application."""
    with Tab(world) as tab:
        tab.ask()
        tab.click("Forgot your password?")
        tab.press(SEND, loginId=login_id)
        assert tab.page.path == SENT
    return mailed_link(world)


def handed_out(world: World, door: Door, **members: Any) -> str:
    """A change-password id that an administrator delivers; nothing is known of a client."""
    body = {"loginId": door.email, "sendForgotPasswordEmail": False} | members
    answer = world.service.call("POST", "/api/user/forgot-password", body)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["changePasswordId"])


def save(tab: Tab, password: str = NEW, again: str | None = None) -> None:
    tab.press(SAVE, password=password, password_confirm=password if again is None else again)
