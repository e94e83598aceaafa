"""What is Facebook's alone: the proof, Graph's errors, fields, pictures and the dialog (Rocket.Chat contract 10)."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest

from identity.outbound.http import Client
from identity.providers.facebook.provider import Facebook, field_names
from identity.upstream import Reach, Return, UpstreamRefused
from tests.conformance.conftest import Login, outside
from tests.conformance.subjects import (
    FACEBOOK_ADA,
    FACEBOOK_APP,
    FACEBOOK_CODE,
    FACEBOOK_TOKEN,
    PICTURE_URL,
    facebook_ada,
    issued,
    picture,
)
from tests.fakes.sink import Behaviour, Request, Sink, answer, answer_json

BOTH = pytest.mark.parametrize("subject", [FACEBOOK_TOKEN, FACEBOOK_CODE], ids=lambda subject: subject.name)
WORLD = {"options": {"graph_version": "v26.0", "login_url": "https://www.facebook.com"}}
CALLBACK = "https://login.example.com/oauth2/callback"


def error(status: int, code: int, subcode: int | None = None) -> Behaviour:
    members = {"message": "no", "type": "OAuthException", "code": code, "fbtrace_id": "A1"}
    return answer_json(status, {"error": members | ({} if subcode is None else {"error_subcode": subcode})})


def query(request: Request) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(request.target).query, strict_parsing=True))


def path(request: Request) -> str:
    return urlsplit(request.target).path


def proof(token: str) -> str:
    return hmac.new(b"facebook-app-secret", token.encode(), hashlib.sha256).hexdigest()


def test_a_token_leads_to_the_person_the_picture_and_a_token_that_lasts(login: Login) -> None:
    me, pictured, exchange = login(FACEBOOK_TOKEN, FACEBOOK_TOKEN.good, **WORLD).requests
    assert [path(me), path(pictured), path(exchange)] == ["/v26.0/me", "/v26.0/me/picture", "/v26.0/oauth/access_token"]
    proved = {"access_token": "short-lived-token", "appsecret_proof": proof("short-lived-token")}
    assert query(me) == {"fields": "email,id,name", **proved}
    assert query(pictured) == {"redirect": "false", **proved}
    assert query(exchange) == {
        "client_id": "1234567890",
        "client_secret": "facebook-app-secret",
        "grant_type": "fb_exchange_token",
        "fb_exchange_token": "short-lived-token",
    }


def test_a_code_is_exchanged_for_the_token_first(login: Login) -> None:
    exchange, me, *_ = login(FACEBOOK_CODE, FACEBOOK_CODE.good, **WORLD).requests
    assert path(exchange) == "/v26.0/oauth/access_token"
    assert query(exchange) == {
        "client_id": "1234567890",
        "client_secret": "facebook-app-secret",
        "redirect_uri": "https://app.example.test/back",
        "code": "code-from-the-dialog",
    }
    assert query(me)["appsecret_proof"] == proof("short-lived-token")


def test_a_code_wins_over_a_token(login: Login) -> None:
    data = {**FACEBOOK_CODE.data, "token": "another-token"}
    attempt = login(FACEBOOK_CODE, FACEBOOK_CODE.good, data)
    assert not [call for call in attempt.requests if "another-token" in call.target]


def test_no_version_is_asked_for_when_none_is_set(login: Login) -> None:
    assert path(login(FACEBOOK_TOKEN, FACEBOOK_TOKEN.good).requests[0]) == "/me"


@pytest.mark.parametrize(
    ("data", "missing"),
    [
        ({}, ["token"]),
        ({"token": " "}, ["token"]),
        ({"redirect_uri": "https://app.example.test"}, ["token"]),
        ({"code": " ", "redirect_uri": "x"}, ["token"]),
        ({"code": "x"}, ["redirect_uri"]),
        ({"code": "x", "token": "y"}, ["redirect_uri"]),
        ({"code": "x", "redirect_uri": ""}, ["redirect_uri"]),
        ({"code": "x", "redirect_uri": "y"}, []),
        ({"token": "x"}, []),
    ],
)
def test_a_token_is_needed_or_a_code_with_its_address(data: dict[str, str], missing: list[str]) -> None:
    assert Facebook().missing(data) == missing


@pytest.mark.parametrize(
    ("listed", "sent"),
    [
        ("email", "email,id,name"),
        ("id,name,email", "id,name,email"),
        ("first_name, name", "first_name, name,id,email"),
        ("friends.limit(5){id,name,email}", "friends.limit(5){id,name,email},id,name,email"),
    ],
)
def test_id_name_and_email_are_always_read(login: Login, listed: str, sent: str) -> None:
    with_fields = _configured(profile_fields=listed)
    assert query(login(with_fields, FACEBOOK_TOKEN.good).requests[0])["fields"] == sent


@pytest.mark.parametrize("listed", ["picture", "email,picture.width(200).height(200)", "picture{url,is_silhouette}"])
def test_a_picture_among_the_fields_is_not_asked_for_again(login: Login, listed: str) -> None:
    person = facebook_ada(picture={"data": {"url": PICTURE_URL, "is_silhouette": False}})
    attempt = login(_configured(profile_fields=listed), [person, issued("long-lived-token")])
    assert [path(call) for call in attempt.requests] == ["/me", "/oauth/access_token"]
    assert attempt.won.image_url == PICTURE_URL


def test_the_names_in_a_list_of_fields_are_those_outside_brackets() -> None:
    listed = "email, picture.width(1){a,b{c,d}},,x(y)"
    assert field_names(listed) == {"email", "picture", "", "x"}
    assert field_names("(" * 1000) == {"(" * 1000}


def test_the_lambda_gets_the_picture_as_graph_has_it(login: Login) -> None:
    raw = login(FACEBOOK_TOKEN, FACEBOOK_TOKEN.good).won.raw
    data = {"height": 50, "is_silhouette": False, "url": PICTURE_URL, "width": 50}
    assert raw == {**FACEBOOK_ADA, "picture": {"data": data}}


@pytest.mark.parametrize(
    "members",
    [
        {"is_silhouette": True},
        {"url": None},
        {"url": 7},
        {"url": ""},
        {"url": "javascript:alert(1)"},
        {"url": "https://a.example/ b"},
        {"url": "https://a.example/" + "x" * 2048},
        {"url": "https://a.example/\x00"},
    ],
)
def test_what_is_no_picture_is_none(login: Login, members: dict[str, Any]) -> None:
    script = [facebook_ada(), picture(**members), issued("long-lived-token")]
    assert login(FACEBOOK_TOKEN, script).won.image_url is None


@pytest.mark.parametrize("said", [{"data": None}, {"data": []}, {"data": {}}, {}, {"data": {"url": {"a": 1}}}])
def test_a_picture_of_any_form_is_no_failure(login: Login, said: dict[str, Any]) -> None:
    script = [facebook_ada(), answer_json(200, said), issued("long-lived-token")]
    assert login(FACEBOOK_TOKEN, script).won.image_url is None
    assert login(_configured(profile_fields="picture"), [facebook_ada(picture=said), script[2]]).won.image_url is None


@pytest.mark.parametrize(
    ("status", "code", "subcode", "reason"),
    [
        (400, 190, 458, "refused"),
        (400, 190, 460, "refused"),
        (401, 190, 463, "refused"),
        (400, 190, 467, "refused"),
        (400, 102, None, "refused"),
        (400, 100, None, "refused"),
        (403, 10, None, "refused"),
        (403, 200, None, "refused"),
        (403, 299, None, "refused"),
        (400, 1, None, "unavailable"),
        (400, 2, None, "unavailable"),
        (500, 1, None, "unavailable"),
        (500, 190, None, "unavailable"),
        (503, 4, None, "unavailable"),
        (400, 4, None, "rate limited"),
        (403, 17, None, "rate limited"),
        (429, 190, None, "rate limited"),
    ],
)
@BOTH
def test_an_error_of_graph_says_whether_it_refuses_or_fails(
    login: Login, subject: Any, status: int, code: int, subcode: int | None, reason: str
) -> None:
    refusal = login(subject, [error(status, code, subcode)]).refusal
    named = {"facebookCode": code} | ({} if subcode is None else {"facebookSubcode": subcode})
    assert refusal.data == {"status": status, "reason": reason, **named}
    assert refusal.failing == (reason != "refused")
    assert (refusal.code, refusal.leg.row) == (subject.codes[0], 7 if subject is FACEBOOK_CODE else 8)


@pytest.mark.parametrize(
    "body",
    ['{"error": "no"}', '{"error": {"code": "190"}}', '{"error": {"code": true}}', '{"error": []}', "[]", "no", "{"],
)
def test_an_error_of_any_form_is_a_refusal_without_code(login: Login, body: str) -> None:
    assert login(FACEBOOK_TOKEN, [answer(400, body)]).refusal.data == {"status": 400, "reason": "refused"}


@pytest.mark.parametrize("token", [..., None, "", " ", 7, True, ["t"], "t" * 5000, "t\x00"])
def test_an_exchange_without_usable_token_is_refused(login: Login, token: object) -> None:
    said = answer_json(200, {} if token is ... else {"access_token": token})
    refusal = login(FACEBOOK_CODE, [said, facebook_ada()]).refusal
    assert (refusal.code, refusal.data) == ("FacebookAccessToken", {"status": 200, "reason": "garbage"})


@pytest.mark.parametrize("subject", ["", " ", "7e3", "abc", "-1", "٣", "1" * 65, 783214, None, ["1"]])
def test_an_unusable_id_is_a_missing_id(login: Login, subject: object) -> None:
    assert login(FACEBOOK_TOKEN, [facebook_ada(id=subject)]).refusal.code == "MissingUniqueId"


@pytest.mark.parametrize("email", ["", " ", "nobody", "a@b@c", "a b@c", "a@b\x00", 7, True, ["ada@example.test"], None])
def test_an_email_that_is_none_counts_as_absent(login: Login, email: object) -> None:
    assert login(FACEBOOK_TOKEN, FACEBOOK_TOKEN.ending(facebook_ada(email=email))).won.email is None


@pytest.mark.parametrize("name", [7, True, ["Ada"], {}, "a" * 192, "a\x00", "", " ", None, ...])
def test_a_name_that_is_none_counts_as_absent(login: Login, name: object) -> None:
    assert login(FACEBOOK_TOKEN, FACEBOOK_TOKEN.ending(facebook_ada(name=name))).won.name is None


def test_a_document_labelled_as_script_is_taken_as_graph_sends_it(login: Login) -> None:
    labelled = answer(200, '{"id": "7", "name": "Ada"}', "text/javascript; charset=UTF-8")
    assert login(FACEBOOK_TOKEN, [labelled, *FACEBOOK_TOKEN.extras]).won.subject == "7"


@pytest.mark.parametrize(
    "body",
    [
        '{"id": "7", "email": 1e400}',
        '{"id": "7", "n": ' + "9" * 5000 + "}",
        '{"id": "7", "name": "\\ud800"}',
        '{"id": "7", "name": "\\u0000", "email": "\\u0000@b.c"}',
        '{"id": "7", "id": "8"}',
        '{"id": "7", "x": NaN}',
        '\ufeff{"id": "7"}',
        '{"id": "7", "' + "k" * 100_000 + '": 1}',
        '{"id": "7", "picture": {"data": {"url": "https://a.example/\\ud800"}}}',
        '{"id": "7", "error": {"code": 190}}',
    ],
)
def test_a_hostile_profile_is_a_person_or_a_refusal(login: Login, body: str) -> None:
    attempt = login(_configured(profile_fields="picture"), [answer(200, body, "application/json"), issued("t" * 9)])
    if attempt.claims is None:
        assert attempt.refusal.data["reason"] == "garbage"
    else:
        assert attempt.won.subject in {"7", "8"}
        assert (attempt.won.email, attempt.won.image_url) == (None, None)


def test_a_deep_document_is_garbage(login: Login) -> None:
    nested: dict[str, Any] = {}
    for _ in range(40):
        nested = {"a": nested}
    assert login(FACEBOOK_TOKEN, [facebook_ada(location=nested)]).refusal.data["reason"] == "garbage"


def test_the_login_ends_with_the_token_it_has_when_no_lasting_one_is_given(login: Login) -> None:
    attempt = login(FACEBOOK_TOKEN, [facebook_ada(), picture(), error(400, 190)])
    assert attempt.won.token == "short-lived-token"
    assert [failure.data["facebookCode"] for failure in attempt.overlooked] == [190]


@pytest.mark.parametrize("spelled", ['to/ken#1&é"', 'to\\/ken#1&é\\"', "to%2Fken%231%26%C3%A9%22"])
def test_a_token_that_is_said_back_is_masked_however_it_is_spelled(login: Login, spelled: str) -> None:
    attempt = login(FACEBOOK_TOKEN, [answer(400, f"You said {spelled} to us")], {"token": 'to/ken#1&é"'})
    assert "You said <" in attempt.trace
    assert spelled not in attempt.trace


def test_the_dialog_is_asked_for_a_code_with_the_permissions(client: Client) -> None:
    values = {**FACEBOOK_APP, "permissions": "email,user_birthday"}
    start = Facebook().start(values, CALLBACK, outside(client, "http://127.0.0.1:9", **WORLD))
    url, _, asked = start.authorization_url.partition("?")
    assert url == "https://www.facebook.com/v26.0/dialog/oauth"
    assert parse_qs(asked) == {
        "client_id": ["1234567890"],
        "redirect_uri": [CALLBACK],
        "state": [start.handle],
        "scope": ["email,user_birthday"],
        "response_type": ["code"],
    }
    assert len(start.handle) == 43
    assert start.kept == {"redirect_uri": CALLBACK}


def test_two_logins_have_different_states(client: Client) -> None:
    world = outside(client, "http://127.0.0.1:9", **WORLD)
    starts = {Facebook().start(FACEBOOK_APP, CALLBACK, world).handle for _ in range(2)}
    assert len(starts) == 2


@pytest.mark.parametrize(
    ("asked", "returned"),
    [
        ({"state": "s", "code": "c"}, Return("s", {"code": "c", "state": "s"})),
        ({"state": "s", "error": "access_denied", "error_reason": "user_denied"}, Return("s", None)),
        ({"state": "s", "error": "server_error", "code": "c"}, Return("s", None)),
        ({"state": "", "code": "c"}, None),
        ({"state": "s", "code": ""}, None),
        ({"code": "c"}, None),
        ({"state": "s"}, None),
        ({}, None),
    ],
)
def test_what_the_browser_comes_back_with(asked: dict[str, str], returned: Return | None) -> None:
    assert Facebook().returned(asked) == returned


def test_a_browser_passes_facebooks_other_names_or_the_emulators_only_one() -> None:
    def destinations(url: str) -> tuple[str, ...]:
        return Facebook().destinations(Reach("https://graph.facebook.com", 1.0, {"login_url": url}))

    assert "https://m.facebook.com" in destinations("https://www.facebook.com/")
    assert destinations("http://127.0.0.1:7001") == ("http://127.0.0.1:7001",)


def test_a_connection_test_asks_for_a_token_of_the_app(client: Client) -> None:
    with Sink([issued("1234567890|app-token")]) as server:
        world = outside(client, server.url, **WORLD)
        Facebook().check(FACEBOOK_APP, CALLBACK, world)
    assert query(server.requests[0]) == {
        "client_id": "1234567890",
        "client_secret": "facebook-app-secret",
        "grant_type": "client_credentials",
    }
    shown = "\n".join(step.text for step in world.trace)
    assert "app-token" not in shown
    assert "facebook-app-secret" not in shown


def test_a_connection_test_with_a_wrong_secret_fails(client: Client) -> None:
    with Sink([error(400, 1)]) as server, pytest.raises(UpstreamRefused) as caught:
        Facebook().check(FACEBOOK_APP, CALLBACK, outside(client, server.url))
    assert caught.value.code == "FacebookAccessToken"


def _configured(**members: str) -> Any:
    return replace(FACEBOOK_TOKEN, values={**FACEBOOK_APP, **members})
