"""A mail as it travels: headers and a body in two forms. Nothing a template or a user says can add a header."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate

POLICY = SMTP.clone(cte_type="7bit")
"""For every server: what is not ASCII is encoded."""

OWN_HEADERS = frozenset(
    {
        *("bcc", "cc", "date", "from", "message-id", "mime-version", "received", "resent-date"),
        *("resent-from", "resent-to", "return-path", "sender", "subject", "to"),
    }
)
"""Headers that only this module sets; so is everything that begins with `content-`."""


@dataclass(frozen=True, slots=True)
class Letter:
    """What to send, from whom to whom. `headers` are additional ones, in order; `sent` is epoch seconds."""

    to: str
    sender: str
    sender_name: str | None
    subject: str
    text: str = field(repr=False)
    html: str = field(repr=False)
    message_id: str
    """Stable: a mail that arrives twice can be recognised."""

    sent: int
    headers: Sequence[tuple[str, str]] = ()


ENCODED = "=?"
"""How encoded words begin."""

HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,200}")


def may_be_added(name: str) -> bool:
    """Whether a tenant may set a header of this name."""
    own = name.lower() in OWN_HEADERS or name.lower().startswith("content-")
    return HEADER_NAME.fullmatch(name) is not None and not own


def compose(letter: Letter) -> EmailMessage:
    """Raises ValueError for an additional header that is none, and for an address that would become more than one."""
    message = EmailMessage(POLICY)
    message["From"] = _address(letter.sender, _words(letter.sender_name or ""))
    message["To"] = _address(letter.to)
    message["Subject"] = _words(letter.subject)
    message["Date"] = formatdate(letter.sent)
    message["Message-ID"] = f"<{letter.message_id}@{ascii_domain(letter.sender)}>"
    message["Auto-Submitted"] = "auto-generated"
    for name, value in letter.headers:
        if not may_be_added(name):
            raise ValueError(f"the header {name!r} can not be set")
        message[name] = _words(value)
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    return message


def ascii_domain(address: str) -> str:
    """The domain as servers of any age know it."""
    domain = address.rpartition("@")[2]
    try:
        return domain.encode("idna").decode()
    except UnicodeError:
        return domain


def envelope(address: str) -> str:
    """The address for an SMTP command."""
    return f"{address.rpartition('@')[0]}@{ascii_domain(address)}"


def _words(text: str) -> str:
    """The text of a header, which the library reads before it writes it: encoded words in it are words, no code.

    Otherwise what they decode to, line breaks and all, would stand in the mail.
    """
    return text.replace(ENCODED, "= ?")


def _address(address: str, name: str = "") -> Address:
    if ENCODED in address:
        raise ValueError("an address holds an encoded word")
    return Address(name, username=address.rpartition("@")[0], domain=ascii_domain(address))
