"""Log lines: JSON or text, with the id of the request, and never with what a library quotes."""

from __future__ import annotations

import json
import logging
import re
import sys
from typing import Any

import pytest

from identity import logs

SECRET = "correct horse battery"


def record(message: str, error: BaseException | None = None, **fields: Any) -> logging.LogRecord:
    exc_info = None if error is None else (type(error), error, error.__traceback__)
    made = logging.LogRecord("identity.test", logging.INFO, __file__, 1, message, (), exc_info)
    setattr(made, logs.FIELDS, fields)
    return made


def caught(secret: str) -> BaseException:
    try:
        try:
            int(secret)
        except ValueError as error:
            raise RuntimeError(f"it was\nDETAIL: {secret}") from error
    except RuntimeError as error:
        return error


def test_a_json_line_has_the_members_of_the_record_and_the_requests_id() -> None:
    token = logs.request_id.set("r-1")
    try:
        line = json.loads(logs.JsonLines().format(record("request", status=200, milliseconds=1.5)))
    finally:
        logs.request_id.reset(token)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line.pop("time"))
    assert line == {
        "level": "INFO",
        "logger": "identity.test",
        "message": "request",
        "requestId": "r-1",
        "status": 200,
        "milliseconds": 1.5,
    }


def test_a_text_line_names_its_further_members() -> None:
    line = logs.TextLines().format(record("request", status=200, route="/api/user"))
    assert line.endswith("Z INFO identity.test request status=200 route=/api/user")


@pytest.mark.parametrize("form", [logs.JsonLines(), logs.TextLines()])
def test_a_stack_says_where_and_quotes_nothing(form: logging.Formatter) -> None:
    text = form.format(record("failed", caught(SECRET)))
    assert "test_logs.py" in text
    assert "builtins.RuntimeError: it was" in text
    assert "builtins.ValueError: invalid literal for int() with base 10: <21 characters, sha256 " in text
    assert SECRET not in text


def test_names_of_the_program_stay_in_a_stack() -> None:
    try:
        None.name  # type: ignore[attr-defined]  # noqa: B018
    except AttributeError as error:
        assert "'NoneType' object has no attribute 'name'" in logs.stack_of(error)


def test_many_lines_in_one_message_stay_one_line_of_json() -> None:
    assert "\n" not in logs.JsonLines().format(record("one\ntwo"))


def test_a_process_logs_to_standard_error_at_its_level(monkeypatch: pytest.MonkeyPatch) -> None:
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    level = root.level
    try:
        logs.configure_logging("warning", "text")
        [handler] = root.handlers
        assert isinstance(handler, logging.StreamHandler)
        assert (handler.stream, root.level) == (sys.stderr, logging.WARNING)
        assert isinstance(handler.formatter, logs.TextLines)
    finally:
        root.setLevel(level)
