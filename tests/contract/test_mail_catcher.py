"""The mail catcher: what is sent to it is shown, as JSON and on a page where it can do no harm."""

from __future__ import annotations

import smtplib
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
import requests
from flask.testing import FlaskClient

from identity.emulators.mail import inbox as inbox_module
from identity.emulators.mail.app import create_app
from identity.emulators.mail.inbox import Inbox
from identity.emulators.mail.smtp import SmtpListener
from identity.outbound.letter import Letter
from identity.outbound.smtp import MailServer, Smtp
from identity.ports import free_port

LETTER = Letter(
    to="ada@example.com",
    sender="us@example.com",
    sender_name="Us",
    subject="Grüße <b>",
    text="Open https://login.example.com/verify/abc?x=1&y=2. <script>alert(1)</script>\n",
    html='<p>Open <a href="https://login.example.com">it</a></p><script>alert(1)</script>\n',
    message_id="0f8fad5b",
    sent=1_700_000_000,
)
MESSAGE = {"code": "123456", "phoneNumber": "+15555550142", "textMessage": "Your code is 123456", "type": "SMS"}


@dataclass
class Catcher:
    """One in this process."""

    inbox: Inbox
    smtp_port: int
    http: FlaskClient

    def send(self, letter: Letter = LETTER) -> None:
        Smtp(time.monotonic, "test").send(MailServer("127.0.0.1", self.smtp_port), letter)


@pytest.fixture
def catcher() -> Iterator[Catcher]:
    inbox = Inbox()
    with SmtpListener(inbox, "127.0.0.1", 0) as listener:
        yield Catcher(inbox, listener.port, create_app(inbox, listener.port).test_client())


def test_a_mail_is_listed_with_everything_it_says(catcher: Catcher) -> None:
    catcher.send()
    [mail] = catcher.http.get("/api/mails").json["mails"]
    assert (mail["from"], mail["to"], mail["subject"]) == ("us@example.com", ["ada@example.com"], "Grüße <b>")
    assert (mail["text"], mail["html"]) == (LETTER.text, LETTER.html)
    assert mail["headers"]["Message-ID"] == "<0f8fad5b@example.com>"
    assert catcher.http.get(f"/api/mails/{mail['id']}").json == {"mail": mail}
    assert catcher.http.get("/api/mails/999").status_code == 404


def test_the_newest_come_first_and_those_to_one_address_can_be_asked_for(catcher: Catcher) -> None:
    for number in range(3):
        catcher.send(replace(LETTER, to=f"{number % 2}@example.com", subject=str(number)))
    listed = catcher.http.get("/api/mails").json["mails"]
    assert [mail["subject"] for mail in listed] == ["2", "1", "0"]
    some = catcher.http.get("/api/mails?to=0@example.com").json["mails"]
    assert [mail["subject"] for mail in some] == ["2", "0"]


def test_a_message_to_a_phone_is_taken_as_a_messenger_gets_it(catcher: Catcher) -> None:
    assert catcher.http.post("/api/messages", json=MESSAGE).status_code == 200
    catcher.http.post("/api/messages", json={**MESSAGE, "phoneNumber": "+1"})
    listed = catcher.http.get("/api/messages?to=%2B15555550142").json["messages"]
    assert [{name: message[name] for name in MESSAGE} for message in listed] == [MESSAGE]
    assert len(catcher.http.get("/api/messages").json["messages"]) == 2
    assert catcher.http.post("/api/messages", json=["no object"]).status_code == 400


def test_everything_can_be_forgotten(catcher: Catcher) -> None:
    catcher.send()
    catcher.http.post("/api/messages", json=MESSAGE)
    assert catcher.http.delete("/api/mails").status_code == 204
    assert catcher.http.get("/api/mails").json == {"mails": []}
    assert len(catcher.http.get("/api/messages").json["messages"]) == 1
    assert catcher.http.delete("/api/messages").status_code == 204
    assert catcher.http.get("/api/messages").json == {"messages": []}
    catcher.send()
    catcher.http.post("/api/messages", json=MESSAGE)
    assert catcher.http.post("/clear").status_code == 303
    assert (catcher.inbox.mails(), catcher.inbox.messages()) == ([], [])


def test_the_page_lists_mails_and_messages(catcher: Catcher) -> None:
    assert catcher.http.get("/").text.count("None yet.") == 2
    catcher.send()
    catcher.http.post("/api/messages", json={**MESSAGE, "textMessage": "<script>1</script>"})
    page = catcher.http.get("/").text
    assert "Grüße &lt;b&gt;" in page
    assert "&lt;script&gt;1&lt;/script&gt;" in page
    assert f"port {catcher.smtp_port}" in page


def test_a_mails_page_shows_the_text_with_its_links_and_the_html_in_a_frame(catcher: Catcher) -> None:
    catcher.send()
    [mail] = catcher.inbox.mails()
    response = catcher.http.get(f"/mails/{mail.id}")
    address = "https://login.example.com/verify/abc?x=1&amp;y=2"
    assert f'<a href="{address}" target="_blank" rel="noreferrer">{address}</a>. &lt;script&gt;' in response.text
    assert f'src="/mails/{mail.id}/html" sandbox="allow-popups' in response.text
    assert "allow-scripts" not in response.text
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert "script-src" not in response.headers["Content-Security-Policy"]


def test_the_html_of_a_mail_runs_no_script_wherever_it_is_opened(catcher: Catcher) -> None:
    catcher.send()
    [mail] = catcher.inbox.mails()
    response = catcher.http.get(f"/mails/{mail.id}/html")
    assert response.text == f'<base target="_blank">{LETTER.html}'
    policy = response.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'")
    assert response.headers["Referrer-Policy"] == "no-referrer"
    raw = catcher.http.get(f"/mails/{mail.id}/raw")
    assert raw.content_type.startswith("text/plain")
    assert b"Message-ID: <0f8fad5b@example.com>" in raw.data


@pytest.mark.parametrize("host", ["evil.example.com", "evil.example.com:80", "127.0.0.1.evil.example.com"])
def test_a_name_of_somebody_elses_opens_nothing(catcher: Catcher, host: str) -> None:
    assert catcher.http.get("/api/mails", headers={"Host": host}).status_code == 403


@pytest.mark.parametrize("host", ["localhost:8025", "127.0.0.1", "[::1]:8025", "192.0.2.7:1"])
def test_an_address_or_localhost_does(catcher: Catcher, host: str) -> None:
    assert catcher.http.get("/api/mails", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    ("origin", "status"), [("http://evil.example.com", 403), ("null", 403), ("http://localhost", 303)]
)
def test_another_sites_form_clears_nothing(catcher: Catcher, origin: str, status: int) -> None:
    assert catcher.http.post("/clear", headers={"Origin": origin}).status_code == status


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"no header at all",
        b"Subject: =?utf-99?q?x?=\r\nContent-Type: text/plain; charset=nonsense\r\n\r\n\xff\xfe",
        b"Content-Type: multipart/alternative\r\n\r\nno parts",
        b"From: @@<<>>,,\r\nTo: \xff\r\nDate: never\r\nMessage-ID: <\r\n\r\nx",
        b"Content-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!!",
    ],
)
def test_a_mail_that_is_none_is_kept_and_shown_all_the_same(catcher: Catcher, raw: bytes) -> None:
    with smtplib.SMTP("127.0.0.1", catcher.smtp_port, local_hostname="test") as client:
        client.sendmail("a@example.com", ["b@example.com", "c@example.com"], raw)
    [mail] = catcher.inbox.mails()
    assert mail.recipients == ("b@example.com", "c@example.com")
    for path in ("/", f"/mails/{mail.id}", f"/mails/{mail.id}/html", f"/mails/{mail.id}/raw", "/api/mails"):
        assert catcher.http.get(path).status_code == 200


def test_it_keeps_the_newest_within_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    inbox = Inbox()
    for number in range(inbox_module.MOST + 1):
        inbox.take_mail("a@example.com", [f"{number}@example.com"], b"Subject: x\r\n\r\n")
        inbox.take_message({"phoneNumber": str(number)})
    assert [len(inbox.mails()), len(inbox.messages())] == [inbox_module.MOST] * 2
    assert inbox.mails()[-1].recipients == ("1@example.com",)
    monkeypatch.setattr(inbox_module, "MOST_BYTES", 10_000)
    for number in range(3):
        inbox.take_mail("a@example.com", [f"large {number}"], b"x" * 4_000)
    assert [mail.recipients for mail in inbox.mails()] == [("large 2",), ("large 1",)]


def test_a_mail_that_is_too_large_is_refused(catcher: Catcher) -> None:
    with smtplib.SMTP("127.0.0.1", catcher.smtp_port, local_hostname="test") as client:
        with pytest.raises(smtplib.SMTPResponseException) as refused:
            client.sendmail("a@example.com", ["b@example.com"], b"x" * (11 * 1024 * 1024))
        assert refused.value.smtp_code == 552
    assert catcher.inbox.mails() == []


def test_the_command_serves_both_and_ends_when_told_to() -> None:
    port, smtp_port = free_port("127.0.0.1"), free_port("127.0.0.1")
    command = [sys.executable, "-m", "identity", "emulator", "mail", "--port", str(port), "--smtp-port", str(smtp_port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == f"mail catcher: http://127.0.0.1:{port}  SMTP: 127.0.0.1:{smtp_port}\n"
        Smtp(time.monotonic, "test").send(MailServer("127.0.0.1", smtp_port), LETTER)
        with requests.get(f"http://127.0.0.1:{port}/api/mails", timeout=5) as answer:
            assert [mail["to"] for mail in answer.json()["mails"]] == [["ada@example.com"]]
        process.terminate()
        assert process.wait(10) == 0
