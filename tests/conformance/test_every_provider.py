"""What every registered provider must do: one suite, each login form of each provider."""

from __future__ import annotations

from typing import Any

import pytest

from identity.domain.model import ProviderConfig
from identity.outbound.http import Client
from identity.providers import PROVIDERS, STARTERS, missing_data, started_code
from identity.settings import Settings
from tests.conformance.conftest import Attempt, Login, attempt_at, outside
from tests.conformance.subjects import SUBJECTS, Subject
from tests.fakes import sink
from tests.fakes.sink import Behaviour

every_subject = pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.name)
every_step = pytest.mark.parametrize(
    ("subject", "step"),
    [(subject, step) for subject in SUBJECTS for step in range(len(subject.steps))],
    ids=lambda value: value.name if isinstance(value, Subject) else f"step{value}",
)
every_extra = pytest.mark.parametrize(
    ("subject", "extra"),
    [(subject, extra) for subject in SUBJECTS for extra in range(len(subject.extras))],
    ids=lambda value: value.name if isinstance(value, Subject) else f"extra{value}",
)
FAULTS: dict[str, tuple[Behaviour, dict[str, Any]]] = {
    "timeout": (sink.silence, {"reason": "timeout"}),
    "reset": (sink.reset, {"reason": "reset"}),
    "hang-up": (sink.hang_up, {"reason": "reset"}),
    "half-an-answer": (sink.half(b'{"id_str": "78', 400), {"reason": "reset"}),
    "no-http": (sink.raw(b"\x15\x03\x01\x00\x02\x02"), {"reason": "garbage"}),
    "huge": (sink.huge, {"reason": "too large"}),
    "redirect": (sink.answer(302, Location="https://elsewhere.example/"), {"reason": "redirect"}),
    "empty": (sink.answer(200), {"reason": "garbage", "status": 200}),
    "html": (sink.answer(200, "<html>Welcome</html>", "text/html"), {"reason": "garbage", "status": 200}),
    "no-utf8": (sink.answer(200, b"\xff\xfe\x00", "application/json"), {"reason": "garbage", "status": 200}),
    "json-list": (sink.answer_json(200, [1, 2]), {"reason": "garbage", "status": 200}),
    "json-text": (sink.answer_json(200, "hello"), {"reason": "garbage", "status": 200}),
    "json-null": (sink.answer_json(200, None), {"reason": "garbage", "status": 200}),
    "deep": (sink.answer(200, b"[" * 100_000, "application/json"), {"reason": "garbage", "status": 200}),
    "created": (sink.answer_json(201, {}), {"reason": "refused", "status": 201}),
    "bad-request": (sink.answer(400), {"reason": "refused", "status": 400}),
    "unauthorized": (sink.answer(401, "no"), {"reason": "refused", "status": 401}),
    "forbidden": (sink.answer_json(403, {"errors": []}), {"reason": "refused", "status": 403}),
    "rate-limit": (sink.answer(429), {"reason": "rate limited", "status": 429}),
    "internal": (sink.answer(500, "<h1>Oops</h1>", "text/html"), {"reason": "unavailable", "status": 500}),
    "over-capacity": (sink.answer(503), {"reason": "unavailable", "status": 503}),
}
every_fault = pytest.mark.parametrize("fault", FAULTS)


def fail_at(login: Login, subject: Subject, step: int, fault: Behaviour) -> Attempt:
    return login(subject, [*subject.steps[:step], fault])


def test_every_registered_provider_has_a_subject() -> None:
    assert {subject.provider.wire_type for subject in SUBJECTS} == set(PROVIDERS)


@pytest.mark.parametrize("wire_type", PROVIDERS)
def test_a_provider_is_registered_by_its_wire_type_and_has_an_id_of_its_own(wire_type: str) -> None:
    provider = PROVIDERS[wire_type]
    assert provider.wire_type == wire_type
    assert [other.fixed_id for other in PROVIDERS.values()].count(provider.fixed_id) == 1
    assert set(provider.credentials) <= set(provider.schema().fields)
    assert set(provider.override_schema().fields) <= set(provider.schema().fields)
    assert not set(provider.schema().fields) & set(ProviderConfig.__dataclass_fields__)


@every_subject
def test_a_good_login_gives_claims(login: Login, subject: Subject) -> None:
    claims = login(subject, subject.good).won
    assert {name: getattr(claims, name) for name in subject.expected} == subject.expected
    assert claims.raw["name"] == "Ada Lovelace"


@every_subject
def test_each_step_is_called_once(login: Login, subject: Subject) -> None:
    assert len(login(subject, subject.good).requests) == len(subject.good)


@every_subject
def test_a_person_without_email_may_log_in(login: Login, subject: Subject) -> None:
    claims = login(subject, subject.ending(subject.without_email)).won
    assert claims.email is None
    assert claims.display_name == subject.fallback_name


@every_subject
def test_a_person_without_id_may_not(login: Login, subject: Subject) -> None:
    refusal = login(subject, subject.ending(subject.without_id)).refusal
    assert (refusal.code, refusal.leg.row) == ("MissingUniqueId", 9)


@every_fault
@every_step
def test_each_fault_at_each_step_is_a_refusal_with_its_reason(
    login: Login, subject: Subject, step: int, fault: str
) -> None:
    behaviour, expected = FAULTS[fault]
    attempt = fail_at(login, subject, step, behaviour)
    assert attempt.refusal.code == subject.codes[step]
    assert {name: attempt.refusal.data[name] for name in expected} == expected
    assert attempt.refusal.failing == (expected["reason"] != "refused")
    again = expected["reason"] in {"reset", "unavailable"} and subject.repeated[step]
    assert len(attempt.requests) == step + (2 if again else 1)


@every_fault
@every_step
def test_no_fault_puts_a_secret_into_trace_or_refusal(login: Login, subject: Subject, step: int, fault: str) -> None:
    attempt = fail_at(login, subject, step, FAULTS[fault][0])
    shown = f"{attempt.trace}{attempt.refusal.message}{attempt.refusal.data}"
    assert not [secret for secret in subject.secrets if secret in shown]


@every_fault
@every_extra
def test_a_login_goes_on_when_a_call_fails_that_it_can_do_without(
    login: Login, subject: Subject, extra: int, fault: str
) -> None:
    behaviour, expected = FAULTS[fault]
    later = subject.extras[extra + 1 :]
    attempt = login(subject, [*subject.steps, *subject.extras[:extra], behaviour, *later])
    [failure] = attempt.overlooked
    assert attempt.won.subject == "783214"
    assert failure.code == subject.extra_codes[extra]
    assert {name: failure.data[name] for name in expected} == expected
    assert not [secret for secret in subject.secrets if secret in f"{attempt.trace}{failure.message}{failure.data}"]


@every_step
def test_what_the_provider_says_back_is_masked(login: Login, subject: Subject, step: int) -> None:
    attempt = fail_at(login, subject, step, sink.answer(401, f"You said {' and '.join(subject.data.values())}"))
    assert "You said" in attempt.trace
    said = set(subject.data.values()) & set(subject.secrets)
    assert said
    assert not [value for value in said if value in attempt.trace]


@every_subject
def test_a_good_login_is_traced_without_secrets(login: Login, subject: Subject) -> None:
    trace = login(subject, subject.good).trace
    assert not [secret for secret in subject.secrets if secret in trace]
    assert "Ada Lovelace" in trace
    assert "a***@example.test" in trace


@every_subject
def test_a_provider_that_cannot_be_reached_is_a_refusal(client: Client, subject: Subject) -> None:
    attempt = attempt_at(client, subject, f"http://127.0.0.1:{sink.closed_port()}", [], None)
    assert (attempt.refusal.code, attempt.refusal.data) == (subject.codes[0], {"reason": "connect"})


@every_step
def test_a_login_ends_with_its_budget(login: Login, subject: Subject, step: int) -> None:
    attempt = login(subject, [*subject.steps[:step], sink.drip], budget=0.5)
    assert (attempt.refusal.code, attempt.refusal.data) == (subject.codes[step], {"reason": "timeout"})


@every_step
def test_the_call_that_may_be_repeated_is_repeated_once(login: Login, subject: Subject, step: int) -> None:
    for fault in (sink.hang_up, sink.answer(503)):
        attempt = login(subject, [*subject.steps[:step], fault, *subject.steps[step:], *subject.extras])
        if subject.repeated[step]:
            assert attempt.won.subject == "783214"
        else:
            assert attempt.refusal.code == subject.codes[step]


RETURNS = {
    "Twitter": {"oauth_token": "x", "oauth_verifier": "y"},
    "Facebook": {"state": "x", "code": "y"},
}
"""What the browser comes back with, as the query of the callback."""


@pytest.mark.parametrize("wire_type", STARTERS)
def test_what_is_kept_and_what_the_browser_brings_make_a_login_whole(client: Client, wire_type: str) -> None:
    provider, starter = PROVIDERS[wire_type], STARTERS[wire_type]
    assert starter.returned({"unrelated": "x"}) is None
    assert not [other for other in STARTERS.values() if other is not starter and other.returned(RETURNS[wire_type])]
    back = starter.returned(RETURNS[wire_type])
    assert back is not None
    assert back.handle == "x"
    assert back.brought is not None
    assert set(starter.brings) <= set(back.brought)
    values = next(subject.values for subject in SUBJECTS if subject.provider is provider)
    requested = "oauth_token=x&oauth_token_secret=z&oauth_callback_confirmed=true"
    with sink.Sink([sink.answer(200, requested)]) as server:
        settings = Settings()
        world = outside(client, server.url, options=provider.reach(settings).options)
        start = starter.start(values, "http://127.0.0.1/callback", world)
    whole = {**start.kept, **back.brought}
    assert provider.missing(whole) == []
    assert started_code(provider, whole) is None


@pytest.mark.parametrize("wire_type", STARTERS)
def test_the_code_of_a_login_that_began_here_is_enough(wire_type: str) -> None:
    assert missing_data(PROVIDERS[wire_type], {"code": "x"}) == []
    assert started_code(PROVIDERS[wire_type], {"code": " x "}) == "x"
    assert missing_data(PROVIDERS[wire_type], {"code": " "}) == PROVIDERS[wire_type].missing({}) != []
