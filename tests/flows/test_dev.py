"""`identity dev`, as `make run` starts it: what it makes, what it says, what it refuses, and how it ends."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import urljoin
from uuid import uuid4

import psutil
import pytest
import requests
from fusionauth.fusionauth_client import FusionAuthClient

from identity.dev.folder import read_dev_env
from identity.ports import free_port
from tests.dev_run import DevEnded, DevRun, dev_run
from tests.hosted import page_of

QUICK = 10.0
pytestmark = [pytest.mark.xdist_group("dev"), pytest.mark.slow]


@pytest.fixture(scope="module")
def running() -> Iterator[DevRun]:
    with dev_run() as run:
        run.start()
        yield run


def test_a_second_start_in_the_same_directory_says_where_the_first_one_runs(running: DevRun) -> None:
    second = DevRun(running.home, running.account, running.command)
    with pytest.raises(DevEnded, match=f"already running .*{running.url}"):
        second.start()


def test_a_taken_port_is_said_with_a_way_out(running: DevRun) -> None:
    with dev_run() as second:
        second.port = running.port
        with pytest.raises(DevEnded, match="choose another IDENTITY_PORT"):
            second.start()


def test_the_first_start_makes_an_application_and_the_twitter_provider_for_it(running: DevRun) -> None:
    known = read_dev_env(running.home)
    application_id = known["IDENTITY_APPLICATION_ID"]
    assert running.request("GET", f"/api/application/{application_id}").json()["application"]["name"] == "Demo"
    provider = running.request("GET", "/api/identity-provider?type=Twitter").json()["identityProvider"]
    assert provider["consumerKey"] == known["X_CONSUMER_KEY"]
    assert provider["applicationConfiguration"][application_id]["enabled"] is True


def test_the_first_start_makes_the_facebook_provider_too_and_the_banner_names_its_emulator(running: DevRun) -> None:
    known = read_dev_env(running.home)
    provider = running.request("GET", "/api/identity-provider?type=Facebook").json()["identityProvider"]
    assert (provider["appId"], provider["client_secret"]) == (known["FACEBOOK_APP_ID"], known["FACEBOOK_APP_SECRET"])
    assert provider["applicationConfiguration"][known["IDENTITY_APPLICATION_ID"]]["enabled"] is True
    assert re.search(rf"^  Graph emulator +{known['IDENTITY_GRAPH_EMULATOR_URL']}$", running.said(), re.MULTILINE)
    assert re.search(rf"^  X emulator +{known['IDENTITY_X_EMULATOR_URL']}$", running.said(), re.MULTILINE)


def test_the_demo_s_sign_in_offers_both_and_somebody_of_facebook_comes_in(running: DevRun) -> None:
    known = read_dev_env(running.home)
    with requests.Session() as browser:
        page = page_of(browser.get(f"{known['IDENTITY_DEMO_URL']}/login", timeout=20))
        assert page.button("twitter-login-button").text == "Login with Twitter"
        action, values = page.pressed("facebook-login-button")
        dialog = browser.post(urljoin(running.url, action), data=values, timeout=20)
        assert dialog.url.startswith(f"{known['IDENTITY_GRAPH_EMULATOR_URL']}/v")
        home = browser.post(dialog.url, data={"person": "mary"}, timeout=20)
        assert home.url == f"{known['IDENTITY_DEMO_URL']}/#_=_"  # a browser keeps the fragment as well
        assert "mary@example.com" in home.text


def test_an_installation_that_is_older_than_an_emulator_gets_its_provider_at_the_next_start() -> None:
    with dev_run() as run:
        run.start()
        earlier = run.request("GET", "/api/identity-provider?type=Facebook").json()["identityProvider"]
        assert run.request("DELETE", f"/api/identity-provider/{earlier['id']}").status_code == 200
        assert run.stop() == 0
        (run.home / "graph-emulator.json").unlink()
        run.start()
        made = run.request("GET", "/api/identity-provider?type=Facebook").json()["identityProvider"]
        assert made["appId"] == read_dev_env(run.home)["FACEBOOK_APP_ID"] != earlier["appId"]
        assert run.request("DELETE", f"/api/identity-provider/{made['id']}").status_code == 200
        assert run.stop() == 0
        run.start()
        assert run.request("GET", "/api/identity-provider?type=Facebook").status_code == 404
        assert "nobody can log in" not in run.said()


def test_whoever_sets_where_facebook_is_gets_no_emulator_of_it_alone() -> None:
    with dev_run() as run:
        run.start(IDENTITY_FACEBOOK_GRAPH_URL="http://127.0.0.1:9")
        known = read_dev_env(run.home)
        assert "IDENTITY_GRAPH_EMULATOR_URL" not in known
        assert "IDENTITY_X_EMULATOR_URL" in known
        assert "Graph emulator" not in run.said()


def test_what_it_says_at_the_start_ends_with_where_a_person_signs_in(running: DevRun) -> None:
    url = read_dev_env(running.home)["IDENTITY_DEMO_URL"]
    assert f"\n\nCtrl-C stops all of it. To sign in, open {url}\n\n" in running.said()
    assert '<a class="button" href="/login">Sign in</a>' in requests.get(url, timeout=5).text


def test_the_rocketchat_door_leads_to_the_demo_application(running: DevRun) -> None:
    email = f"{uuid4().hex}@example.com"
    known = read_dev_env(running.home)
    user = {"email": email, "password": "correct horse battery"}
    body = {"user": user, "registration": {"applicationId": known["IDENTITY_APPLICATION_ID"]}}
    assert running.request("POST", "/api/user/registration", json=body).status_code == 200
    answer = requests.post(f"{running.url}/api/v1/login", json={"user": email, "password": user["password"]}, timeout=5)
    assert answer.status_code == 200
    assert answer.json()["data"]["me"]["email"] == email


def test_the_issuer_is_the_public_url(running: DevRun) -> None:
    [tenant] = running.request("GET", "/api/tenant").json()["tenants"]
    assert tenant["issuer"] == running.url


def test_a_kickstart_file_of_ones_own_comes_instead_and_its_first_key_is_the_one_for_scripts() -> None:
    with dev_run() as run:
        file = run.home.parent / "kickstart.json"
        key, application_id = f"own-{uuid4()}", str(uuid4())
        body = {"application": {"name": "Own"}}
        request = {"method": "POST", "url": f"/api/application/{application_id}", "body": body}
        file.write_text(json.dumps({"apiKeys": [{"key": key, "name": "Own"}], "requests": [request]}))
        run.start(IDENTITY_KICKSTART_FILE=str(file))
        assert read_dev_env(run.home)["IDENTITY_API_KEY"] == key
        assert read_dev_env(run.home)["IDENTITY_APPLICATION_ID"] == application_id
        assert run.request("GET", "/api/identity-provider?type=Twitter").status_code == 404
        assert "IDENTITY_DEMO_URL" not in read_dev_env(run.home)
        assert "\n\nCtrl-C stops all of it.\n\n" in run.said()


def test_a_failing_kickstart_leaves_the_service_running_unless_it_is_strict() -> None:
    with dev_run() as run:
        file = run.home.parent / "kickstart.json"
        request = {"method": "POST", "url": "/api/no-such-thing", "body": {}}
        file.write_text(json.dumps({"apiKeys": [{"key": "own", "name": "Own"}], "requests": [request]}))
        run.start(IDENTITY_KICKSTART_FILE=str(file))
        assert "kickstart request 1 failed: POST /api/no-such-thing 404" in run.said()
        assert run.request("GET", "/api/status").status_code == 200
        assert run.stop() == 0
        with pytest.raises(DevEnded, match="The kickstart failed"):
            run.start(IDENTITY_KICKSTART_FILE=str(file), IDENTITY_KICKSTART_STRICT="true")


def test_the_secrets_of_the_installation_are_for_its_owner_only(running: DevRun) -> None:
    for name in ("dev.env", "secret.keys", "x-emulator.json", "graph-emulator.json", "development-kickstart.json"):
        assert (running.home / name).stat().st_mode & 0o777 == 0o600
    said = running.said()
    known = read_dev_env(running.home)
    for name in (
        "IDENTITY_API_KEY",
        "DEVELOPMENT_PASSWORD",
        "X_CONSUMER_SECRET",
        "FACEBOOK_APP_SECRET",
        "DEMO_CLIENT_SECRET",
    ):
        assert known[name] not in said


def clock(run: DevRun, *arguments: str) -> str:
    """What `identity clock` says, called as it is beside a running service."""
    whole = [run.command[0], "-m", "identity", "clock", *arguments]
    done = subprocess.run(whole, check=True, cwd="/", env=run.environment(), capture_output=True, text=True)
    return done.stdout


def test_an_action_ends_by_itself_when_its_time_has_come(running: DevRun) -> None:
    client = FusionAuthClient(read_dev_env(running.home)["IDENTITY_API_KEY"], running.url)
    user = {"username": str(uuid4()), "password": "correct horse battery"}
    user_id = client.create_user({"user": user}).success_response["user"]["id"]
    definition = {"name": str(uuid4()), "temporal": True, "preventLogin": True}
    definition_id = client.create_user_action({"userAction": definition}).success_response["userAction"]["id"]
    end = int((time.time() + 3_600) * 1000)
    action = {"actioneeUserId": user_id, "actionerUserId": user_id, "userActionId": definition_id, "expiry": end}
    action_id = client.action_user({"action": action}).success_response["action"]["id"]
    proof = {"loginId": user["username"], "password": user["password"]}
    assert client.login(proof).status == 409
    try:
        clock(running, "advance", "61m")
        assert client.login(proof).status == 200
        deadline = time.monotonic() + QUICK
        while not client.retrieve_action(action_id).success_response["action"]["endEventSent"]:
            assert time.monotonic() < deadline
            time.sleep(0.05)
    finally:
        clock(running, "reset")


def test_the_clock_is_moved_for_every_worker_at_once(running: DevRun) -> None:
    def days_ahead() -> int:
        made = running.request("POST", "/api/user-action", {"userAction": {"name": str(uuid4())}}).json()
        return round((made["userAction"]["insertInstant"] / 1000 - time.time()) / 86_400)

    try:
        assert "31 days ahead" in clock(running, "advance", "31d")
        assert {days_ahead() for _ in range(12)} == {31}
    finally:
        assert "the real time" in clock(running, "reset")
    assert {days_ahead() for _ in range(12)} == {0}


@pytest.mark.parametrize(
    ("name", "variable", "path"),
    [
        ("x", "IDENTITY_X_EMULATOR_URL", "/control/settings"),
        ("graph", "IDENTITY_GRAPH_EMULATOR_URL", "/control/settings"),
        ("demo", "IDENTITY_DEMO_URL", "/"),
    ],
)
def test_the_emulators_and_the_demo_come_back_on_their_ports(
    running: DevRun, name: str, variable: str, path: str
) -> None:
    url = read_dev_env(running.home)[variable]
    child = running.child(f"identity.emulators.{name}")
    child.kill()
    child.wait(5)
    deadline = time.monotonic() + QUICK
    while True:
        with suppress(requests.ConnectionError):
            assert requests.get(f"{url}{path}", timeout=5).status_code == 200
            break
        assert time.monotonic() < deadline
        time.sleep(0.05)


def caught(run: DevRun, what: str) -> list[dict[str, Any]]:
    """What the mail catcher has got, once it has got something."""
    url = read_dev_env(run.home)["IDENTITY_MAIL_CATCHER_URL"]
    deadline = time.monotonic() + QUICK
    while True:
        found: list[dict[str, Any]] = requests.get(f"{url}/api/{what}", timeout=5).json()[what]
        if found or time.monotonic() > deadline:
            return found
        time.sleep(0.05)


def test_a_mail_of_the_service_is_in_the_catcher_without_any_settings(running: DevRun) -> None:
    user = {"user": {"email": f"{uuid4()}@example.com", "password": "correct horse battery"}}
    assert running.request("POST", "/api/user", user).status_code == 200
    forgotten = {"loginId": user["user"]["email"]}
    assert running.request("POST", "/api/user/forgot-password", forgotten).status_code == 200
    assert caught(running, "mails")[0]["to"] == [user["user"]["email"]]


def test_the_banner_names_the_mail_catcher(running: DevRun) -> None:
    known = read_dev_env(running.home)
    assert known["IDENTITY_MAIL_CATCHER_URL"] in running.said()
    assert int(known["IDENTITY_MAIL_CATCHER_SMTP_PORT"]) > 0


def test_whoever_names_a_mail_server_gets_no_catcher_and_ports_of_ones_own_choice_are_kept() -> None:
    with dev_run() as run:
        run.start(IDENTITY_MAIL_HOST="mail.example.com")
        assert "IDENTITY_MAIL_CATCHER_URL" not in read_dev_env(run.home)
        assert run.stop() == 0
        port, smtp_port = free_port("127.0.0.1"), free_port("127.0.0.1")
        run.start(IDENTITY_EMULATOR_MAIL_PORT=str(port), IDENTITY_EMULATOR_SMTP_PORT=str(smtp_port))
        known = read_dev_env(run.home)
        assert known["IDENTITY_MAIL_CATCHER_URL"] == f"http://127.0.0.1:{port}"
        assert known["IDENTITY_MAIL_CATCHER_SMTP_PORT"] == str(smtp_port)


def test_a_restart_keeps_key_url_and_credentials_and_is_quick() -> None:
    with dev_run() as run:
        run.start()
        before = read_dev_env(run.home), (run.home / "x-emulator.json").read_text()
        clock(run, "advance", "1d")
        assert run.stop() == 0
        assert run.start() < QUICK
        assert (read_dev_env(run.home), (run.home / "x-emulator.json").read_text()) == before
        assert run.request("GET", f"/api/application/{before[0]['IDENTITY_APPLICATION_ID']}").status_code == 200
        assert run.said().count("1 day ahead of the real time   (identity clock reset)") == 1


def redirect_urls(run: DevRun) -> list[str]:
    application_id = read_dev_env(run.home)["IDENTITY_APPLICATION_ID"]
    application = run.request("GET", f"/api/application/{application_id}").json()["application"]
    urls: list[str] = application["oauthConfiguration"]["authorizedRedirectURLs"]
    return urls


def test_a_demo_that_had_to_move_is_let_back_in_and_that_is_said_once() -> None:
    with dev_run() as run:
        run.start()
        earlier = read_dev_env(run.home)["IDENTITY_DEMO_URL"]
        assert redirect_urls(run) == [f"{earlier}/callback", f"{earlier}/"]
        assert "redirect URLs" not in run.said()
        assert run.stop() == 0
        url = f"http://127.0.0.1:{free_port('127.0.0.1')}"
        run.start(IDENTITY_EMULATOR_DEMO_PORT=url.rpartition(":")[2])
        assert redirect_urls(run) == [f"{url}/callback", f"{url}/"]
        assert run.said().count(f"the Demo application now has the demo's redirect URLs at {url}") == 1
        assert run.stop() == 0
        run.start()
        assert read_dev_env(run.home)["IDENTITY_DEMO_URL"] == url
        assert run.said().count("redirect URLs") == 1


def test_it_stops_at_once_although_it_was_just_started() -> None:
    with dev_run() as run:
        run.start()
        processes = run.everything()
        began = time.monotonic()
        assert run.stop() == 0
        assert time.monotonic() - began < QUICK
        assert psutil.wait_procs(processes, timeout=5)[1] == []
