"""The two things that people verify, an e-mail address and a registration: what the pages of each say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from identity.domain.events import EventInfo
from identity.domain.outcome import Verdict
from identity.flows.verifications import verify
from identity.http.client_address import client_address
from identity.http.pages.catalogue import msgid
from identity.http.pages.hosted import PageCall
from identity.http.visit import user_agent
from identity.store.external_identifiers import Kind


@dataclass(frozen=True, slots=True)
class Verified:
    """One of the two. `what` is the first part of its paths."""

    what: str
    kind: Kind
    verdict: Verdict
    verify: Callable[..., None]
    headline: str
    done: str
    not_yet: str


BOTH: Mapping[str, Verified] = {
    "email": Verified(
        "email",
        Kind.EMAIL_VERIFICATION,
        Verdict.EMAIL_UNVERIFIED,
        verify.verify_email,
        headline=msgid("Verify your e-mail address"),
        done=msgid("Your e-mail address is verified"),
        not_yet=msgid("Your e-mail address is not verified yet. Please open the link in the e-mail first."),
    ),
    "registration": Verified(
        "registration",
        Kind.REGISTRATION_VERIFICATION,
        Verdict.REGISTRATION_UNVERIFIED,
        verify.verify_registration,
        headline=msgid("Verify your registration"),
        done=msgid("Your registration is verified"),
        not_yet=msgid("Your registration is not verified yet. Please open the link in the e-mail first."),
    ),
}
RULE = "/<any(email, registration):what>"
MAILED_AGAIN = "again"
"""What is shown of how many mails were sent."""

WRONG = msgid("This code is not right. Please enter the code of the newest e-mail.")
USED_UP = msgid("This code is too old, or was tried too often. Please have another one sent.")
LONGEST_CODE = 255


def event_info(call: PageCall) -> EventInfo:
    """Where the browser is, for webhooks."""
    return EventInfo(ip_address=client_address(call.request), user_agent=user_agent(call.request))
