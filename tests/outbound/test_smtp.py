"""One mail to one SMTP server: what arrives, what a refusal means, and that nothing secret is said or waited for."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from dataclasses import replace
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from identity.outbound import smtp as module
from identity.outbound.letter import Letter
from identity.outbound.smtp import MailNotSent, MailServer, Smtp
from tests.fakes import sink
from tests.fakes.certificates import issue
from tests.fakes.smtp import Received, SmtpSink

LETTER = Letter(
    to="ada@example.com",
    sender="us@example.com",
    sender_name="Us, Ltd.",
    subject="Grüße",
    text="Hello Ada,\n\nyour code is 123456\n",
    html="<p>Hello Ada,</p>\n",
    message_id="0f8fad5b",
    sent=1_700_000_000,
)
SECRET = "canary-of-the-smtp-password"


class Greeter:
    """A TCP server that says one thing to whoever comes, and then hangs up, keeps silent or drips on."""

    def __init__(self, greeting: bytes, *, stays: bool = False, drips: bool = False) -> None:
        self._greeting, self._stays, self._drips = greeting, stays, drips
        self._closing = threading.Event()

    def __enter__(self) -> int:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        port: int = self._listener.getsockname()[1]
        return port

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _serve(self) -> None:
        with suppress(OSError):
            connected, _ = self._listener.accept()
            with connected:
                connected.sendall(self._greeting)
                while self._stays and not self._closing.wait(0.02):
                    if self._drips:
                        connected.sendall(b"x")


def send(server: MailServer, letter: Letter = LETTER) -> None:
    Smtp(time.monotonic, "login.example.com").send(server, letter)


def to(sink: SmtpSink, **members: str) -> MailServer:
    return MailServer("127.0.0.1", sink.port, **members)


def received(letter: Letter) -> Received:
    with SmtpSink() as server:
        send(to(server), letter)
        [mail] = server.received
    return mail


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    """The context of a server whose certificate this process trusts."""
    certificate, context = issue(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    module._context.cache_clear()
    yield context
    module._context.cache_clear()


def test_a_mail_arrives_with_both_texts_and_its_headers() -> None:
    mail = received(LETTER)
    assert (mail.sender, mail.recipients) == ("us@example.com", ["ada@example.com"])
    assert mail.message["Subject"] == "Grüße"
    assert str(mail.message["From"]) == '"Us, Ltd." <us@example.com>'
    assert str(mail.message["To"]) == "ada@example.com"
    assert mail.message["Message-ID"] == "<0f8fad5b@example.com>"
    assert mail.message["Auto-Submitted"] == "auto-generated"
    assert parsedate_to_datetime(mail.message["Date"]).timestamp() == 1_700_000_000
    assert mail.message.get_content_type() == "multipart/alternative"
    assert mail.part("plain") == LETTER.text
    assert mail.part("html") == LETTER.html


def test_everything_travels_as_ascii() -> None:
    letter = replace(LETTER, text="Grüße " * 300 + "\n", html="<p>" + "ü" * 5_000 + "</p>\n", sender_name="Jürgen")
    mail = received(letter)
    assert mail.raw.isascii()
    assert max(map(len, mail.raw.split(b"\r\n"))) < 998
    assert (mail.part("plain"), mail.part("html")) == (letter.text, letter.html)
    assert "Jürgen" in str(mail.message["From"])


def test_a_domain_in_other_letters_is_written_as_all_servers_know_it() -> None:
    mail = received(replace(LETTER, to="ada@bücher.example"))
    assert mail.recipients == ["ada@xn--bcher-kva.example"]


def test_a_name_in_other_letters_arrives_where_the_server_knows_them() -> None:
    assert received(replace(LETTER, to="jürgen@example.com")).recipients == ["jürgen@example.com"]


def test_additional_headers_are_added() -> None:
    mail = received(replace(LETTER, headers=(("Reply-To", "help@example.com"),)))
    assert mail.message["Reply-To"] == "help@example.com"


@pytest.mark.parametrize("text", ["x\r\nBcc: all@example.com", "x\nBcc: all@example.com"])
@pytest.mark.parametrize("member", ["subject", "sender_name", "header", "sender", "to"])
def test_no_text_can_add_a_header(member: str, text: str) -> None:
    bad = {"headers": (("X-Mark", text),)} if member == "header" else {member: f"a@b{text}"}
    with SmtpSink() as server:
        with pytest.raises(MailNotSent) as refused:
            send(to(server), replace(LETTER, **bad))
        assert server.received == []
    assert refused.value.final


ENCODED = (
    "=?utf-8?q?x=0d=0aBcc=3a_all=40example.com?=",
    "=?utf-8?b?eApCY2M6IGFsbEBleGFtcGxlLmNvbQ==?=",
    "=?utf-8?q?x?=",
)


@pytest.mark.parametrize("text", [*ENCODED, "é" * 60 + ENCODED[0]])
@pytest.mark.parametrize("member", ["subject", "sender_name", "header"])
def test_an_encoded_word_in_a_text_is_not_decoded_into_a_header(member: str, text: str) -> None:
    given = {"headers": (("X-Mark", text),)} if member == "header" else {member: text}
    mail = received(replace(LETTER, **given))
    assert mail.message["Bcc"] is None
    shown = mail.message[{"header": "X-Mark", "sender_name": "From"}.get(member, member)]
    assert "= ?utf-8?" in str(shown)


@pytest.mark.parametrize("member", ["sender", "to"])
def test_an_address_that_decodes_to_more_than_an_address_is_refused(member: str) -> None:
    with SmtpSink() as server:
        with pytest.raises(MailNotSent) as refused:
            send(to(server), replace(LETTER, **{member: "=?utf-8?q?x=0aBcc:all?=@example.com"}))
        assert server.received == []
    assert refused.value.final


@pytest.mark.parametrize("name", ["Bcc", "to", "Subject", "Content-Type", "X Y", "X:Y", ""])
def test_an_additional_header_is_neither_one_of_ours_nor_anything_else(name: str) -> None:
    with SmtpSink() as server, pytest.raises(MailNotSent):
        send(to(server), replace(LETTER, headers=((name, "x"),)))


@pytest.mark.parametrize("line", [".", "..", "QUIT", "\r\n.\r\nMAIL FROM:<x@example.com>"])
def test_a_text_can_not_end_the_mail(line: str) -> None:
    text = f"before\n{line}\nafter\n"
    mail = received(replace(LETTER, text=text))
    assert mail.part("plain").splitlines() == text.splitlines()


@pytest.mark.parametrize("security", ["SSL", "TLS"])
def test_tls_is_spoken_when_it_is_wanted(security: str, trusted: object) -> None:
    options = {"tls": trusted} if security == "SSL" else {"starttls": trusted}
    with SmtpSink(**options) as server:  # type: ignore[arg-type]
        send(to(server, security=security))
        assert server.received[0].tls


@pytest.mark.parametrize("security", ["SSL", "TLS"])
def test_a_certificate_that_nobody_vouches_for_is_no_certificate(security: str, tmp_path: Path) -> None:
    _, context = issue(tmp_path)
    options = {"tls": context} if security == "SSL" else {"starttls": context}
    with SmtpSink(**options) as server:  # type: ignore[arg-type]
        with pytest.raises(MailNotSent, match=r"tls|TLS") as failed:
            send(to(server, security=security))
        assert server.received == []
    assert not failed.value.final


def test_a_server_without_starttls_gets_nothing_when_it_is_wanted() -> None:
    with SmtpSink(accounts={"us": SECRET}) as server:
        with pytest.raises(MailNotSent, match="STARTTLS"):
            send(to(server, security="TLS", username="us", password=SECRET))
        assert server.received == []


def test_a_server_that_wants_a_password_gets_it() -> None:
    with SmtpSink(accounts={"us": SECRET}) as server:
        send(to(server, username="us", password=SECRET))
        assert server.received[0].username == "us"


@pytest.mark.parametrize("password", [f"wrong {SECRET}", f"grüße {SECRET}"])
def test_a_refused_password_is_told_without_it(password: str) -> None:
    with SmtpSink(accounts={"us": SECRET}) as server, pytest.raises(MailNotSent, match="username or") as refused:
        send(to(server, username="us", password=password))
    assert "canary" not in refused.value.reason
    assert not refused.value.final


@pytest.mark.parametrize(
    ("command", "answer", "final", "said"),
    [
        ("RCPT", "550 no such user <ada@example.com>", True, "refused the recipient: 550 no such user a\\*\\*\\*@exa"),
        ("RCPT", "451 greylisted", False, "451 greylisted"),
        ("MAIL", "553 not you", True, "553 not you"),
        ("DATA", "554 spam", True, "554 spam"),
        ("DATA", "452 full", False, "452 full"),
    ],
)
def test_a_refusal_for_ever_differs_from_one_for_now(command: str, answer: str, final: bool, said: str) -> None:
    with SmtpSink(answers={command: answer}) as server, pytest.raises(MailNotSent, match=said) as refused:
        send(to(server))
    assert refused.value.final is final


def test_a_closed_port_is_said_at_once_and_worth_another_try() -> None:
    began = time.monotonic()
    with pytest.raises(MailNotSent, match="can not be reached: connect") as failed:
        send(MailServer("127.0.0.1", sink.closed_port()))
    assert time.monotonic() - began < 2.0
    assert not failed.value.final


@pytest.mark.parametrize(
    "behaviour",
    [b"", b"554 go away\r\n", b"220 hello\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"220 " + b"x" * 10_000],
)
def test_whatever_else_a_server_says_is_one_kind_of_failure(behaviour: bytes) -> None:
    with Greeter(behaviour) as port, pytest.raises(MailNotSent) as failed:
        send(MailServer("127.0.0.1", port))
    assert not failed.value.final


@pytest.mark.parametrize("drips", [False, True])
def test_a_server_that_takes_its_time_is_cut_off(drips: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WHOLE_SECONDS", 0.4)
    began = time.monotonic()
    with Greeter(b"220", drips=drips, stays=True) as port, pytest.raises(MailNotSent):
        send(MailServer("127.0.0.1", port))
    assert time.monotonic() - began < 3.0
