"""What a template would say to an example person, and what is wrong with it. Nothing is stored or sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from identity.domain.errors import Invalid
from identity.domain.mail import EmailTemplate, MessageTemplate, write_mail, write_message
from identity.flows.mail import save_email_template, save_message_template

RECIPIENT = {"address": "example@example.com", "display": "Erika Example"}
USER_ID = "00000000-0000-4000-8000-000000000001"
PHONE = "+15555550100"
CODE = "123456"
EXAMPLE: Mapping[str, object] = {
    "user": {
        "id": USER_ID,
        "tenantId": "00000000-0000-4000-8000-000000000002",
        "email": RECIPIENT["address"],
        "firstName": "Erika",
        "lastName": "Example",
        "fullName": RECIPIENT["display"],
        "name": RECIPIENT["display"],
        "username": "erika",
        "mobilePhone": PHONE,
        "active": True,
        "verified": False,
        "data": {},
    },
    "tenant": {
        "id": "00000000-0000-4000-8000-000000000002",
        "name": "Example tenant",
        "issuer": "https://login.example.com",
        "baseURL": "https://login.example.com",
        "data": {},
    },
    "application": {"id": "00000000-0000-4000-8000-000000000003", "name": "Example application", "data": {}},
    "verificationId": "YkQY5Gsyo4RlfmDciBGRmvfj3RmatUqrbjoIZ19fmw4",
    "changePasswordId": "8ibx2aPMkbSGBBTfyTbGrGBZ7K3uCAkDlU0LLmDVNlU",
    "verificationOneTimeCode": "AB12CD",
    "code": CODE,
}


@dataclass(frozen=True, slots=True)
class MailPreview:
    """Without `members` when the template can not be read."""

    members: Mapping[str, Any]
    sender: Mapping[str, str | None]
    errors: Invalid


def preview_mail(values: Mapping[str, Any], locale: str | None) -> MailPreview:
    """`values` are the members of a template, which may be unfinished."""
    given = {name: value for name, value in values.items() if value is not None}
    texts = {"name": "", "default_subject": "", "default_text_template": "", "default_html_template": "", **given}
    try:
        save_email_template.check(texts)
    except Invalid as errors:
        return MailPreview({}, {}, errors)
    written = write_mail(EmailTemplate(**texts), EXAMPLE, [locale] if locale else [])
    return MailPreview(
        {"subject": written.subject, "text": written.text, "html": written.html},
        {"address": written.from_email, "display": written.from_name},
        Invalid(),
    )


def preview_message(values: Mapping[str, Any], locale: str | None) -> str:
    """Raises Invalid."""
    save_message_template.check(values)
    template = MessageTemplate("", values["default_template"], values["localized_templates"])
    return write_message(template, EXAMPLE, [locale] if locale else [])
