"""What verify_credentials tells about a person, and the people every emulator starts with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from tests.contract.x_calls import VERIFY, code, signed, verify
from tests.fakes.x import XEmulator


@pytest.fixture
def x() -> Iterator[XEmulator]:
    with XEmulator() as emulator:
        yield emulator


def test_the_email_is_told_only_when_it_is_asked_for(x: XEmulator) -> None:
    assert verify(x).json()["email"] == "alice@example.com"
    assert "email" not in verify(x, query="").json()
    assert "email" not in verify(x, query="?include_email=false").json()


def test_a_person_without_an_address_has_a_null_email(x: XEmulator) -> None:
    assert verify(x, "bob").json()["email"] is None


def permit_email(x: XEmulator, permitted: bool) -> None:
    consumer = {"key": x.consumer_key, "secret": x.consumer_secret, "email_permission": permitted}
    x.control("PUT", "settings", {"consumers": [consumer]})


def test_an_application_without_the_permission_gets_no_email(x: XEmulator) -> None:
    permit_email(x, False)
    assert "email" not in verify(x).json()


def test_a_token_from_before_the_permission_gets_no_email(x: XEmulator) -> None:
    permit_email(x, False)
    old = signed(x, *x.access_token("alice"))
    permit_email(x, True)
    url = f"{x.url}{VERIFY}?include_email=true"
    assert "email" not in requests.get(url, auth=old, timeout=10).json()
    assert verify(x).json()["email"] == "alice@example.com"


def test_entities_and_status_are_left_out_on_request(x: XEmulator) -> None:
    assert {"entities", "status"} <= verify(x, query="").json().keys()
    assert not {"entities", "status"} & verify(x, query="?include_entities=false&skip_status=1").json().keys()


def test_the_members_of_contract_7_4_are_there(x: XEmulator) -> None:
    user = verify(x).json()
    assert user.keys() >= {
        "id",
        "id_str",
        "screen_name",
        "name",
        "profile_image_url_https",
        "lang",
        "location",
        "description",
        "url",
        "created_at",
        "protected",
        "verified",
        "followers_count",
        "friends_count",
        "listed_count",
        "favourites_count",
        "statuses_count",
        "default_profile",
        "default_profile_image",
        "suspended",
        "needs_phone_verification",
        "utc_offset",
        "time_zone",
        "geo_enabled",
    }
    assert user["lang"] is None
    assert user["id"] == int(user["id_str"])


def test_an_id_above_2_to_the_53_survives_as_a_number_and_as_text(x: XEmulator) -> None:
    answer = verify(x, "max")
    assert int(answer.json()["id_str"]) > 2**53
    assert f'"id":{answer.json()["id_str"]},' in answer.text


@pytest.mark.parametrize(("person", "expected"), [("carol", 63), ("lou", 326), ("tia", 453)])
def test_a_person_keeps_meeting_their_own_fault(x: XEmulator, person: str, expected: int) -> None:
    for _ in range(2):
        answer = verify(x, person)
        assert (answer.status_code, code(answer)) == (403, expected)
    assert x.calls()[0]["result"] == "fault"


def test_a_healed_person_can_sign_in(x: XEmulator) -> None:
    x.change_person("carol", fault=None)
    assert verify(x, "carol").json()["screen_name"] == "carol"


def test_two_people_hold_the_same_handle_under_different_ids(x: XEmulator) -> None:
    before, now = verify(x, "dana-before").json(), verify(x, "dana-now").json()
    assert before["screen_name"] == now["screen_name"] == "dana"
    assert before["id_str"] != now["id_str"]


def test_the_seeded_oddities_are_there(x: XEmulator) -> None:
    assert "@" not in verify(x, "erin").json()["email"]
    assert verify(x, "frank").json()["email"] == ""
    assert verify(x, "hanako").json()["name"] == "山田 花子 🌸"
    assert verify(x, "alice-second").json()["email"].lower() == "alice@example.com"
    assert "status" not in verify(x, "newt", query="").json()


def test_answers_carry_the_rate_limit_headers_and_no_cookie(x: XEmulator) -> None:
    headers = verify(x).headers
    assert (headers["x-rate-limit-limit"], headers["x-rate-limit-remaining"]) == ("75", "74")
    assert int(headers["x-rate-limit-reset"]) % 900 == 0
    assert "Set-Cookie" not in headers


def test_a_rate_limit_refuses_the_call_beyond_it_until_the_window_ends() -> None:
    now = [1_700_000_000.0]
    with XEmulator(clock=lambda: now[0]) as x:
        x.control("PUT", "settings", {"rate_limit": 2})
        statuses = [verify(x, timestamp="1700000000") for _ in range(3)]
        assert [answer.status_code for answer in statuses] == [200, 200, 429]
        assert code(statuses[2]) == 88
        reset = int(statuses[2].headers["x-rate-limit-reset"])
        assert verify(x, "bob", timestamp="1700000000").status_code == 200
        now[0] = float(reset)
        assert verify(x, timestamp=str(reset)).status_code == 200


def test_a_wrong_path_or_method_gets_xs_own_error(x: XEmulator) -> None:
    missing = requests.get(f"{x.url}/1.1/nothing.json", timeout=10)
    assert (missing.status_code, code(missing)) == (404, 34)
    wrong = requests.post(x.url + VERIFY, timeout=10)
    assert (wrong.status_code, code(wrong)) == (405, 86)
    assert "GET" in wrong.headers["Allow"]


def test_one_connection_serves_many_calls(x: XEmulator) -> None:
    auth = signed(x, *x.access_token("alice"))
    before = x.connections
    with requests.Session() as session:
        for _ in range(5):
            assert session.get(x.url + VERIFY, auth=auth, timeout=10).status_code == 200
    assert x.connections == before + 1
