"""GET /api/info, by which clients probe (rocket section 5.5)."""

from __future__ import annotations

import pytest

from tests.rocketchat.client import Chat

PATHS = ("/api/info", "/api/v1/info")


@pytest.mark.parametrize("path", PATHS)
def test_whoever_asks_is_told_the_series(chat: Chat, path: str) -> None:
    for answer in (
        chat.call("GET", path),
        chat.somebody().get(path),
        chat.call("GET", path, headers={"X-Auth-Token": "wrong", "X-User-Id": "wrong"}),
    ):
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
        assert answer.json() == {"version": "8.0", "success": True}


@pytest.mark.parametrize("path", PATHS)
def test_an_admin_is_told_the_whole_number(chat: Chat, path: str) -> None:
    body = chat.admin().get(path).json()
    assert body == {"version": "8.0.0", "info": {"version": "8.0.0"}, "success": True}
