"""What is sent for a purpose when no template is chosen for it: plain words, once as text and once as simple HTML.

The links lead to the hosted pages, as FusionAuth's own templates do. Whoever has pages of their own writes templates of
their own.
"""

from __future__ import annotations

import re
from html import escape

from identity.domain.mail import EmailTemplate, MessageTemplate, Purpose

LINK = re.compile(r"\$\{tenant\.baseURL\}\S*")
GREETING = "Hello[#if user.name] ${user.name}[/#if],"
NOT_ME = "If this was not you, change your password at once."
IGNORE = "If you did not ask for this, you need not do anything."

TEXTS: dict[Purpose, tuple[str, str]] = {
    Purpose.EMAIL_VERIFICATION: (
        "Verify your e-mail address",
        f"""{GREETING}

Please verify that this e-mail address is yours.

[#if verificationOneTimeCode??]Enter this code where you were asked for it: ${{verificationOneTimeCode}}[#else]Open \
this link: ${{tenant.baseURL}}/email/verify/${{verificationId}}?tenantId=${{user.tenantId}}
[/#if]

{IGNORE}""",
    ),
    Purpose.REGISTRATION_VERIFICATION: (
        "Verify your registration",
        f"""{GREETING}

Please verify your registration for ${{application.name}}.

[#if verificationOneTimeCode??]Enter this code where you were asked for it: ${{verificationOneTimeCode}}[#else]Open \
this link: ${{tenant.baseURL}}/registration/verify/${{verificationId}}?client_id=${{application.id}}&tenantId=\
${{user.tenantId}}
[/#if]

{IGNORE}""",
    ),
    Purpose.FORGOT_PASSWORD: (
        "Choose a new password",
        f"""{GREETING}

Somebody, we hope you, wants a new password for this account.

Open this link: ${{tenant.baseURL}}/password/change/${{changePasswordId}}?tenantId=${{user.tenantId}}

{IGNORE}""",
    ),
    Purpose.SETUP_PASSWORD: (
        "Set up your password",
        f"""{GREETING}

An account was made for you. Please choose a password for it.

Open this link: ${{tenant.baseURL}}/password/change/${{changePasswordId}}?tenantId=${{user.tenantId}}""",
    ),
    Purpose.TWO_FACTOR_CODE: (
        "Your code",
        f"""{GREETING}

Your code is ${{code}}

Give it to nobody: no one of us will ever ask you for it. {NOT_ME}""",
    ),
    Purpose.TWO_FACTOR_METHOD_ADD: (
        "A second factor was added",
        f"""{GREETING}

A second factor was added to your account[#if method.method]: ${{method.method}}[/#if].

{NOT_ME}""",
    ),
    Purpose.TWO_FACTOR_METHOD_REMOVE: (
        "A second factor was removed",
        f"""{GREETING}

A second factor was removed from your account[#if method.method]: ${{method.method}}[/#if].

{NOT_ME}""",
    ),
    Purpose.PASSWORD_UPDATE: (
        "Your password was changed",
        f"""{GREETING}

The password of your account was changed.

If this was not you, ask for a new password at once.""",
    ),
    Purpose.PASSWORD_RESET_SUCCESS: (
        "You have a new password",
        f"""{GREETING}

The new password of your account is in place.

If this was not you, ask for a new password at once.""",
    ),
    Purpose.EMAIL_UPDATE: (
        "Your e-mail address was changed",
        f"""{GREETING}

The e-mail address of your account is now ${{user.email}}

{NOT_ME}""",
    ),
    Purpose.EMAIL_VERIFIED: (
        "Your e-mail address is verified",
        f"""{GREETING}

Thank you: your e-mail address is verified.""",
    ),
}


def _as_html(text: str) -> str:
    """Paragraphs, and links that can be clicked."""
    linked = LINK.sub(lambda link: f'<a href="{link.group()}">{link.group()}</a>', escape(text, quote=False))
    return "<p>" + linked.replace("\n\n", "</p>\n<p>") + "</p>\n"


def _template(purpose: Purpose, subject: str, text: str) -> EmailTemplate:
    return EmailTemplate(purpose.name, subject, f"{text}\n", _as_html(text))


EMAIL_TEMPLATES = {purpose: _template(purpose, *texts) for purpose, texts in TEXTS.items()}
MESSAGE_TEMPLATES = {
    Purpose.TWO_FACTOR_CODE: MessageTemplate(Purpose.TWO_FACTOR_CODE.name, "Your code is ${code}"),
}
