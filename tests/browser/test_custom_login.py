"""The example of a login page of one's own, as it stands in docs/examples, in chromium: every status, a person each."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests
from playwright.sync_api import expect

from identity.ports import free_port
from tests import postgres
from tests.browser.visitor import PATIENCE, Visitor
from tests.login_world import TWITTER, World, login_world
from tests.second_factors import Phone, with_phone
from tests.snapshot import Snapshot
from tests.troubles import PASSWORD, Somebody, ban, demand_new_password, expire
from tests.verifying import EMAIL, FORM_FIELD, REGISTRATION, handed_out, verify_emails, verify_registrations

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "custom_login" / "backend.py"
BUTTON = "Login with Twitter"
MOST_LINES = 60
Prepare = Callable[[World, Somebody], None]


@dataclass
class Page:
    """The example's page before one person, whose outcome is not the usual one."""

    world: World
    url: str
    visitor: Visitor
    person: str
    somebody: Somebody = field(init=False)

    def __post_init__(self) -> None:
        self.somebody = Somebody(self.world, self.person)

    def log_in(self) -> None:
        """Press the button, and choose the person at X."""
        at_x = self.world.x.person(self.person)
        self.visitor.press(BUTTON)
        self.visitor.press(re.compile(rf"@{at_x['screen_name']}\b.*{re.escape(at_x['email'] or '')}"))

    def open_and_log_in(self) -> None:
        self.visitor.go(self.url)
        self.log_in()

    def says(self, words: str | re.Pattern[str], role: str = "status") -> None:
        expect(self.visitor.page.locator(f"[role={role}]")).to_have_text(words, timeout=PATIENCE)
        self.visitor.look(self.person)

    def is_logged_in(self) -> None:
        self.says(f"You are logged in as {self.somebody.email}.")


@contextmanager
def running_example(world: World) -> Iterator[str]:
    port = free_port("127.0.0.1")
    command = [sys.executable, "-m", "flask", "--app", str(EXAMPLE), "run", "--port", str(port)]
    environment = os.environ | {
        "IDENTITY_URL": world.service.url,
        "IDENTITY_API_KEY": world.service.key,
        "IDENTITY_APPLICATION_ID": world.application_id,
        "IDENTITY_X_EMULATOR_URL": world.x.url,
    }
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            deadline = time.monotonic() + 20
            while not _answers(f"http://127.0.0.1:{port}"):
                assert time.monotonic() < deadline and process.poll() is None
                time.sleep(0.05)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=2).status_code == 200
    except requests.ConnectionError:
        return False


@pytest.fixture(scope="module")
def example(postgres_server: postgres.Server, migrated_template: str) -> Iterator[tuple[World, Snapshot, str]]:
    url = postgres.fresh_database(postgres_server, migrated_template)
    with login_world(url) as world, running_example(world) as page, Snapshot(url) as beginning:
        yield world, beginning, page
    postgres.drop_database(postgres_server, url)


@pytest.fixture
def page_of(example: tuple[World, Snapshot, str], visitor: Visitor) -> Callable[[str], Page]:
    world, beginning, url = example
    beginning.restore()
    world.service.services.configurations.forget()
    world.clock.offset = 0
    return lambda person: Page(world, url, visitor, person)


def test_200_alice_is_logged_in(page_of: Callable[[str], Page]) -> None:
    page = page_of("alice")
    page.visitor.go(page.url)
    expect(page.visitor.page.get_by_role("button", name=BUTTON)).to_be_visible()
    page.log_in()
    page.is_logged_in()


def test_202_bob_joins_and_logs_in_once_more(page_of: Callable[[str], Page]) -> None:
    page = page_of("bob")
    application_id = page.world.application_id
    page.somebody.call("DELETE", f"/api/user/registration/{page.somebody.user_id}/{application_id}")
    page.open_and_log_in()
    page.says(f"You are logged in as {page.somebody.email}, but not registered here. Do you want to join?")
    page.visitor.press("Join")
    page.says("Done. Log in once more.")
    page.log_in()
    page.is_logged_in()


def test_203_erin_changes_the_password_and_is_logged_in(page_of: Callable[[str], Page]) -> None:
    page = page_of("erin")
    demand_new_password(page.somebody)
    page.open_and_log_in()
    page.says("Your password must be changed (Administrative).")
    page.visitor.fill("New password", "battery horse correct")
    page.visitor.press("Change password")
    page.is_logged_in()


def gives_the_mailed_code(page: Page, asked: str, kind: str) -> None:
    page.open_and_log_in()
    page.says(asked)
    page.visitor.fill("Code", handed_out(page.world, page.somebody.user_id, kind)["oneTimeCode"])
    page.visitor.press("Go on")
    page.says("Done. Log in once more.")
    page.log_in()
    page.is_logged_in()


def test_212_frank_gives_the_mailed_code(page_of: Callable[[str], Page]) -> None:
    page = page_of("frank")
    verify_emails(page.world, **FORM_FIELD)
    gives_the_mailed_code(page, "Verify your e-mail address: we have sent you a code.", EMAIL)


def test_213_max_gives_the_mailed_code(page_of: Callable[[str], Page]) -> None:
    page = page_of("max")
    verify_registrations(page.world, **FORM_FIELD)
    gives_the_mailed_code(page, "Verify your registration: we have sent you a code.", REGISTRATION)


def test_232_dana_links_the_twitter_account_to_one_that_she_proves(page_of: Callable[[str], Page]) -> None:
    page = page_of("dana-now")
    page.world.unlink(page.somebody.user_id, page.world.x.person("dana-now")["id"])
    page.world.strategy("CreatePendingLink")
    page.open_and_log_in()
    page.says("We do not know this Twitter account yet. Sign in to your account, and we link the two.")
    page.visitor.fill("E-mail or user name", page.somebody.email)
    page.visitor.fill("Password", "not the password")
    page.visitor.press("Sign in and link")
    expect(page.visitor.page.get_by_role("alert")).to_have_text("That was not right. Try again.")
    page.visitor.fill("E-mail or user name", page.somebody.email)
    page.visitor.fill("Password", PASSWORD)
    page.visitor.press("Sign in and link")
    page.is_logged_in()
    [link] = page.world.links(page.somebody.user_id)
    assert (link["identityProviderId"], link["identityProviderUserId"]) == (
        TWITTER,
        page.world.x.person("dana-now")["id"],
    )


def test_242_hanako_gives_the_code_of_her_phone(page_of: Callable[[str], Page]) -> None:
    page = page_of("hanako")
    phone: Phone = with_phone(page.world, page.somebody.user_id)[0]
    page.open_and_log_in()
    page.says("Give the code of your second factor.")
    expect(page.visitor.page.get_by_role("button", name=BUTTON)).to_be_visible()  # to begin again
    page.visitor.fill("Code", phone.wrong_codes(1)[0])
    page.visitor.press("Go on")
    expect(page.visitor.page.get_by_role("alert")).to_have_text("That was not right. Try again.")
    page.visitor.fill("Code", phone.code())
    page.visitor.press("Go on")
    page.is_logged_in()


def test_401_carol_is_suspended_at_x(page_of: Callable[[str], Page]) -> None:
    page = page_of("carol")
    page.open_and_log_in()
    page.says(re.compile("^Twitter did not vouch for you: "), "alert")


def test_denny_says_no_at_x_and_is_told_so(page_of: Callable[[str], Page]) -> None:
    page = page_of("denny")
    page.open_and_log_in()
    page.says("You said no at X.")
    expect(page.visitor.page.get_by_role("button", name=BUTTON)).to_be_visible()


def _nobody(page: Page) -> None:
    page.world.unlink(page.somebody.user_id, page.world.x.person(page.person)["id"])
    page.world.strategy("Disabled")


@pytest.mark.parametrize(
    ("person", "trouble", "words"),
    [
        ("dana-before", _nobody, "No account here belongs to this Twitter account."),
        ("mallory", lambda page: ban(page.somebody), re.compile("^You may not log in: .+")),
        ("newt", lambda page: expire(page.somebody), "Your account has expired."),
    ],
    ids=["404", "409", "410"],
)
def test_who_may_not_come_in_is_told_why(
    page_of: Callable[[str], Page], person: str, trouble: Callable[[Page], None], words: str | re.Pattern[str]
) -> None:
    page = page_of(person)
    trouble(page)
    page.open_and_log_in()
    page.says(words, "alert")
    expect(page.visitor.page.get_by_role("button", name=BUTTON)).to_be_visible()


def test_a_return_to_the_example_that_belongs_to_another_browser_logs_nobody_in(page_of: Callable[[str], Page]) -> None:
    page = page_of("alice")
    theirs = requests.post(f"{page.url}/twitter", allow_redirects=False, timeout=10).headers["Location"]
    token = theirs.partition("oauth_token=")[2]
    page.visitor.go(page.url)
    page.visitor.press(BUTTON)
    page.visitor.go(f"{page.url}/callback?oauth_token={token}&oauth_verifier=made-up")
    expect(page.visitor.page.get_by_role("button", name=BUTTON)).to_be_visible()
    expect(page.visitor.page.locator("[role=status]")).to_have_text("")
    assert page.world.count("login_records") == 0


def test_the_backend_has_sixty_lines_of_code() -> None:
    source = EXAMPLE.read_text(encoding="utf-8").partition('"""\n\n')[2]
    lines = [line for line in source.splitlines() if line.strip() and not line.startswith(("import", "from", "#"))]
    assert len(lines) <= MOST_LINES
