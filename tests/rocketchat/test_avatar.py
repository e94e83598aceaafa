"""GET /avatar/<username>: where avatarUrl points to (rocket section 11)."""

from __future__ import annotations

from urllib.parse import quote
from uuid import uuid4
from xml.etree import ElementTree

import pytest
import requests

from tests.rocketchat.client import Chat
from tests.rocketchat.tokens import stranger

PICTURE = "https://images.example.com/ada.png"


def look(chat: Chat, name: str, **options: object) -> requests.Response:
    """As any browser looks: without a key, without a session, and not going on to where it is sent."""
    address = f"{chat.world.service.url}/avatar/{quote(name, safe='', errors='surrogatepass')}"
    headers = options.get("headers")
    assert headers is None or isinstance(headers, dict)
    return requests.get(address, headers=headers, allow_redirects=False, timeout=30)


def with_picture(chat: Chat, image_url: str = PICTURE) -> tuple[str, str]:
    """Somebody's user name and id."""
    name = f"user.{uuid4().hex}"
    return name, chat.person().add_user(username=name, imageUrl=image_url)


def is_drawn(answer: requests.Response) -> bool:
    """Whether this is a harmless picture that may be kept."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"].startswith("image/svg+xml")
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "Set-Cookie" not in answer.headers
    picture = ElementTree.fromstring(answer.content)
    return [each.tag.rpartition("}")[2] for each in picture.iter()] == ["svg", "rect", "text"]


def test_the_address_in_me_answers(chat: Chat) -> None:
    session = chat.somebody(username=f"ada.{uuid4().hex}")
    answer = requests.get(session.me["avatarUrl"], timeout=30)
    assert is_drawn(answer)
    assert ">A" in answer.text


def test_a_picture_on_the_web_is_gone_to(chat: Chat) -> None:
    name, _ = with_picture(chat)
    for asked in (name, name.upper()):
        answer = look(chat, asked)
        assert (answer.status_code, answer.headers["Location"]) == (302, PICTURE)
        assert answer.headers["Cache-Control"] == "public, max-age=300"
        assert answer.content == b""


@pytest.mark.parametrize(
    "image_url", ["javascript:alert(1)", "data:text/html,x", "//evil.example/x", "/etc/passwd", "ada.png"]
)
def test_and_nowhere_else(chat: Chat, image_url: str) -> None:
    name, user_id = with_picture(chat)
    chat.world.rows("UPDATE users SET image_url = %s WHERE id = %s RETURNING id", image_url, user_id)
    assert is_drawn(look(chat, name))


def test_a_name_that_nobody_has_looks_like_one_that_somebody_has(chat: Chat) -> None:
    name = f"user.{uuid4().hex}"
    before = look(chat, name)
    chat.person().add_user(username=name)
    after = look(chat, name)
    assert is_drawn(after)
    assert before.content == after.content
    assert {key: value for key, value in before.headers.items() if key not in {"Date", "X-Request-Id"}} == {
        key: value for key, value in after.headers.items() if key not in {"Date", "X-Request-Id"}
    }


def test_nobody_is_gone_to_of_another_tenant_or_who_is_deactivated(chat: Chat) -> None:
    assert is_drawn(look(chat, stranger(chat, imageUrl=PICTURE)["username"]))
    name, user_id = with_picture(chat)
    assert chat.world.service.call("DELETE", f"/api/user/{user_id}").status_code == 200
    assert is_drawn(look(chat, name))


@pytest.mark.parametrize(
    "name",
    [
        "<script>alert(1)</script>",
        '"/><foreignObject/>',
        "a\x00b",
        "\x00",
        "../../etc/passwd",
        "a/b/c",
        "?",
        " ",
        "%",
        "\u202e",
        "\U0001f680",
        "\ud800",
        "n" * 3000,
        "&amp;",
        "]]>",
    ],
)
def test_no_odd_name_breaks_a_picture(chat: Chat, name: str) -> None:
    assert is_drawn(look(chat, name))


@pytest.mark.parametrize("path", ["/avatar/%ff%fe", "/avatar/%80", "/avatar/a%2fb", "/avatar/a?size=9999&format=%00"])
def test_no_odd_address_does(chat: Chat, path: str) -> None:
    assert is_drawn(chat.call("GET", path))


def test_a_picture_that_is_at_hand_is_not_sent_again(chat: Chat) -> None:
    first = look(chat, "somebody")
    again = look(chat, "somebody", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert look(chat, "somebody else", headers={"If-None-Match": first.headers["ETag"]}).status_code == 200
