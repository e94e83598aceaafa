"""Where a sign-in goes on after a login's outcome: the next page, or back to the client.

Which page that is says `domain/sign_in.py`; here the outcome is only packed for the way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import chain
from typing import Any

from flask import Response

from identity.domain.errors import Invalid
from identity.domain.oauth import requires_registration
from identity.domain.outcome import LoginOutcome, Verdict
from identity.domain.sign_in import SignIn, Stage, stage_of
from identity.domain.standing import PreventingAction
from identity.domain.trace import Trace
from identity.http.pages.finish import finish
from identity.http.pages.hosted import PageCall, note_verdict, to_page

UNEXPECTED = frozenset({Verdict.REFUSED, Verdict.LAMBDA_FAILED})
"""What people ask for help about: the page names the trace."""
MOST_SHOWN = 3
LONGEST_TEXT = 200
"""Bytes: what is shown after a redirect travels in its address."""


def go_on(call: PageCall, outcome: LoginOutcome, sign_in: SignIn | None = None) -> Response:
    """Raises what the last commit of a sign-in raises: StoreUnavailable, WebhooksRefused."""
    note_verdict(outcome)
    carried = sign_in or call.sign_in
    stage = next_stage(call, outcome)
    if stage is Stage.FINISHED:
        return finish(call, outcome, carried)
    return to_page(call, stage.value, packed(carried, outcome, call.trace))


def next_stage(call: PageCall, outcome: LoginOutcome) -> Stage:
    application = call.configuration.application if call.configuration else None
    settings: Mapping[str, Any] = application.settings if application else {}
    return stage_of(
        outcome.verdict,
        completed=outcome.completed,
        may_register=bool((settings.get("registration_configuration") or {}).get("enabled")),
        must_be_registered=requires_registration(settings),
    )


def packed(sign_in: SignIn, outcome: LoginOutcome, trace: Trace) -> SignIn:
    """The sign-in with what the next page needs of the outcome."""
    return replace(sign_in, ticket=outcome.ticket, proof=outcome.proof, shown=shown_of(outcome, trace))


def shown_of(outcome: LoginOutcome, trace: Trace) -> dict[str, Any]:
    """What pages display, in JSON values: the verdict, what prevents a login, what is wrong."""
    shown: dict[str, Any] = {"verdict": outcome.verdict.value}
    if trace.id and outcome.verdict in UNEXPECTED:
        shown["trace"] = trace.id
    if outcome.change_reason is not None:
        shown["change_reason"] = outcome.change_reason.value
    if outcome.actions:
        shown["actions"] = [_action(each) for each in outcome.actions[:MOST_SHOWN]]
    if outcome.locked_until is not None:
        shown["locked_until"] = outcome.locked_until
    if outcome.problem is not None:
        shown["problem"] = outcome.problem.code
        shown["reason"] = outcome.problem.data.get("reason")
    if outcome.errors is not None:
        shown["objections"] = objections(outcome.errors)
    return shown


def _action(action: PreventingAction) -> dict[str, Any]:
    """As the API tells it to anybody; in the words for the user's languages where there are any."""
    return {
        "name": _short(action.localized_name or action.name),
        "option": _short(action.localized_option or action.option or ""),
        "reason": _short(action.localized_reason or action.reason or ""),
        "expiry": action.expiry,
    }


def objections(errors: Invalid) -> list[str]:
    """The messages of these errors, as many as fit on their way to a page."""
    problems = chain(*errors.field_errors.values(), errors.general_errors)
    messages = dict.fromkeys(_short(problem.message) for problem in problems if problem.message)
    return list(messages)[:MOST_SHOWN]


def _short(text: str) -> str:
    return text.encode("utf-8", "replace")[:LONGEST_TEXT].decode("utf-8", "ignore")
