"""Somebody with an account who signs in to an application through the hosted pages, and what the application gets."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import expect

from tests.browser.application import HEADLINE, Application
from tests.browser.tenancy import authorize_url, code_for_tokens
from tests.browser.visitor import PATIENCE, Visitor
from tests.login_world import World
from tests.queued_mails import queued_mails
from tests.troubles import PASSWORD, Somebody

TWITTER_BUTTON = "Login with Twitter"
ALICE = re.compile("^Alice Adams")


@dataclass
class Play:
    """One person's way from the application to the pages and back. They are known here, and at X as alice."""

    world: World
    visitor: Visitor
    application: Application
    somebody: Somebody = field(init=False)

    def __post_init__(self) -> None:
        self.somebody = Somebody(self.world)

    def now(self) -> int:
        return self.world.service.services.runtime.now()

    def begin(self, **parameters: str) -> None:
        """The application sends the browser to the service."""
        self.visitor.go(authorize_url(self.world, self.application, **parameters))

    def by_password(self, password: str = PASSWORD) -> None:
        self.begin()
        self.type_password(password)

    def type_password(self, password: str = PASSWORD) -> None:
        self.visitor.fill("E-mail address or user name", self.somebody.email)
        self.visitor.fill("Password", password)
        self.visitor.press("Sign in")

    def by_twitter(self) -> None:
        self.begin()
        self.press_twitter()

    def press_twitter(self) -> None:
        self.visitor.press(TWITTER_BUTTON)
        self.visitor.press(ALICE)

    def choose_password(self, password: str) -> None:
        self.visitor.fill("New password", password)
        self.visitor.fill("Repeat the new password", password)
        self.visitor.press("Save the password")

    def mailed(self, subject: str) -> str:
        """The newest mail of this subject to this person."""
        mails = [each for each in queued_mails(self.world.service) if each.to == self.somebody.email]
        return [mail.text for mail in mails if mail.subject == subject][-1]

    def mailed_link(self, subject: str) -> str:
        return re.findall(r"https?://\S+", self.mailed(subject))[0]

    def mailed_code(self, subject: str) -> str:
        return re.findall(r"code .*: (\S+)", self.mailed(subject))[0]

    def sees(self, headline: str | re.Pattern[str]) -> None:
        self.visitor.sees(headline)

    def is_told(self, words: str | re.Pattern[str], role: str = "alert") -> None:
        """The page says so, aloud."""
        expect(self.visitor.page.get_by_role(role).first).to_contain_text(words, timeout=PATIENCE)
        self.visitor.look(f"told {words if isinstance(words, str) else words.pattern}"[:60])

    def comes_back(self) -> dict[str, str]:
        """The browser is at the application again; what it has brought."""
        expect(self.visitor.page.get_by_role("heading", level=1)).to_have_text(HEADLINE, timeout=PATIENCE)
        brought = self.application.brought(self.visitor.page)
        assert brought["state"] == "af0ifjsldkj"
        return brought

    def is_signed_in(self) -> dict[str, Any]:
        """The browser has brought a code that is good for the tokens of just this person; what userinfo says."""
        answer = code_for_tokens(self.world, self.application, self.comes_back()["code"])
        assert answer.status_code == 200, answer.text
        bearer = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        userinfo = self.world.service.call("GET", "/oauth2/userinfo", key="", headers=bearer)
        assert userinfo.status_code == 200, userinfo.text
        found: dict[str, Any] = userinfo.json()
        return found

    def is_in(self) -> None:
        assert self.is_signed_in()["sub"] == self.somebody.user_id
