"""Wire forms of templates and messengers. Source: FusionAuth's OpenAPI document, decision 43."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from marshmallow import ValidationError, fields

from identity.domain.templates import LONGEST_SOURCE
from identity.http.fusionauth.schemas.common import SearchCriteria, custom_data, off, whole
from identity.wire import Free, Id, Instant, Many, OneOf, Part, Text, Whole, WireSchema

LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:[_-][A-Za-z0-9]{1,8}){0,4}")
HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,200}")
CALLABLE = re.compile(r"[\x21-\x7e]+")
FRAMING = frozenset({"connection", "content-length", "host", "transfer-encoding"})
"""Headers that say where a request goes and where it ends: nobody else sets them."""

MOST_LANGUAGES = 100
MOST_HEADERS = 50
LONGEST_NAME = 191
LONGEST_SUBJECT = 1_000
LONGEST_TIMEOUT = 10_000
"""Milliseconds; both together stay below the time a delivery may take."""

UNBUILT_TYPES = ("Kafka", "Twilio")


class TextMap(fields.Dict):
    """An object of texts, its names of one form. Entries that are null are dropped.

    `printable` is for what goes into a header: ASCII in one line.
    """

    def __init__(
        self,
        form: re.Pattern[str],
        *,
        limit: int,
        most: int,
        printable: bool = False,
        taken: frozenset[str] = frozenset(),
    ) -> None:
        super().__init__(keys=fields.String(), values=Text(limit=limit), load_default=dict)
        self.form = form
        self.text = Text(limit=limit, blank=False)
        self.most = most
        self.printable = printable
        self.taken = taken

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> dict[str, str]:
        if not isinstance(value, dict):
            raise ValidationError("invalidJSON")
        given = {name: text for name, text in value.items() if text is not None}
        if len(given) > self.most:
            raise ValidationError("tooMany")
        loaded: dict[str, str] = {}
        errors: dict[str, Any] = {}
        for name, text in given.items():
            try:
                loaded[name] = self._entry(name, text)
            except ValidationError as error:
                errors[f"[{name}]"] = error.messages
        if errors:
            raise ValidationError(errors)
        return loaded

    def _entry(self, name: str, text: Any) -> str:
        if not self.form.fullmatch(name) or name.lower() in self.taken:
            raise ValidationError("invalid")
        loaded = str(self.text.deserialize(text))
        if self.printable and not (loaded.isprintable() and loaded.isascii()):
            raise ValidationError("invalid")
        return loaded


def localized(limit: int) -> TextMap:
    """Texts by language, `de` or `pt_BR`."""
    return TextMap(LANGUAGE, limit=limit, most=MOST_LANGUAGES)


class EmailTemplateSchema(WireSchema):
    default_from_name = Text(limit=LONGEST_SUBJECT)
    default_html_template = Text(required=True, blank=False, limit=LONGEST_SOURCE)
    default_subject = Text(required=True, blank=False, limit=LONGEST_SUBJECT)
    default_text_template = Text(required=True, blank=False, limit=LONGEST_SOURCE)
    from_email = Text(limit=254)
    id = Id(dump_only=True)
    insert_instant = Instant(dump_only=True)
    last_update_instant = Instant(dump_only=True)
    localized_from_names = localized(LONGEST_SUBJECT)
    localized_html_templates = localized(LONGEST_SOURCE)
    localized_subjects = localized(LONGEST_SUBJECT)
    localized_text_templates = localized(LONGEST_SOURCE)
    name = Text(required=True, blank=False, limit=LONGEST_NAME)


class EmailTemplateRequest(WireSchema):
    email_template = Part(EmailTemplateSchema, required=True)


class EmailTemplateResponse(WireSchema):
    email_template = fields.Nested(EmailTemplateSchema)
    email_templates = Many(fields.Nested(EmailTemplateSchema))


class EmailTemplateSearchRequest(WireSchema):
    search = Part(SearchCriteria)


class EmailTemplateSearchResponse(WireSchema):
    email_templates = Many(fields.Nested(EmailTemplateSchema))
    total = Whole()


class PreviewedTemplate(EmailTemplateSchema):
    """A template that may still be unfinished."""

    default_html_template = Text(limit=LONGEST_SOURCE)
    default_subject = Text(limit=LONGEST_SUBJECT)
    default_text_template = Text(limit=LONGEST_SOURCE)
    name = Text(limit=LONGEST_NAME)


class EmailPreviewRequest(WireSchema):
    email_template = Part(PreviewedTemplate, required=True)
    locale = Text(limit=50)


class EmailAddressSchema(WireSchema):
    address = Text()
    display = Text()


class PreviewedMail(WireSchema):
    from_ = fields.Nested(EmailAddressSchema, data_key="from")
    html = Text(keep_empty=True)
    subject = Text(keep_empty=True)
    text = Text(keep_empty=True)
    to = Many(fields.Nested(EmailAddressSchema))


class EmailPreviewResponse(WireSchema):
    email = fields.Nested(PreviewedMail)
    errors = Free()


class MessageTemplateSchema(WireSchema):
    data = custom_data()
    default_template = Text(required=True, blank=False, limit=LONGEST_SUBJECT)
    id = Id(dump_only=True)
    insert_instant = Instant(dump_only=True)
    last_update_instant = Instant(dump_only=True)
    localized_templates = localized(LONGEST_SUBJECT)
    name = Text(required=True, blank=False, limit=LONGEST_NAME)
    type = OneOf(("SMS",), required=True)


class MessageTemplateRequest(WireSchema):
    message_template = Part(MessageTemplateSchema, required=True)


class MessageTemplateResponse(WireSchema):
    message_template = fields.Nested(MessageTemplateSchema)
    message_templates = Many(fields.Nested(MessageTemplateSchema))


class PreviewedMessageTemplate(MessageTemplateSchema):
    name = Text(limit=LONGEST_NAME)
    type = OneOf(("SMS",))


class MessagePreviewRequest(WireSchema):
    locale = Text(limit=50)
    message_template = Part(PreviewedMessageTemplate, required=True)


class SmsMessageSchema(WireSchema):
    code = Text()
    phone_number = Text()
    text_message = Text(keep_empty=True)
    user_id = Id()


class MessagePreviewResponse(WireSchema):
    errors = Free()
    message = fields.Nested(SmsMessageSchema)
    preview_message = Text(keep_empty=True)


class Generic(OneOf):
    """The type of a messenger. FusionAuth has two more, which are named but not built."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(("Generic",), **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        if value in UNBUILT_TYPES:
            raise ValidationError("unsupported")
        return super()._deserialize(value, attr, data, **kwargs)


class GatewayUrl(Text):
    """An address that can be called: http or https, with a host and without credentials."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str | None:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            parts = urlsplit(text or "")
            port = parts.port
        except ValueError as error:
            raise ValidationError("invalid") from error
        if (
            not CALLABLE.fullmatch(text or "")
            or parts.scheme not in {"http", "https"}
            or not parts.hostname
            or "@" in parts.netloc
            or port == 0
        ):
            raise ValidationError("invalid")
        return text


class MessengerSchema(WireSchema):
    """The defaults of the timeouts are our own: FusionAuth has none."""

    connect_timeout = whole(1_000, most=LONGEST_TIMEOUT)
    data = custom_data()
    debug = off()
    headers = TextMap(HEADER_NAME, limit=4_000, most=MOST_HEADERS, printable=True, taken=FRAMING)
    http_authentication_password = Text(limit=1_000)
    http_authentication_username = Text(limit=1_000)
    id = Id(dump_only=True)
    insert_instant = Instant(dump_only=True)
    last_update_instant = Instant(dump_only=True)
    message_types = Many(OneOf(("SMS",)), load_default=lambda: ["SMS"], most=1)
    name = Text(required=True, blank=False, limit=LONGEST_NAME)
    read_timeout = whole(2_000, most=LONGEST_TIMEOUT)
    ssl_certificate = Text()
    transport = Text(limit=100)
    type = Generic(required=True)
    url = GatewayUrl(required=True, blank=False, limit=2_000)


class MessengerRequest(WireSchema):
    messenger = Part(MessengerSchema, required=True)


class MessengerResponse(WireSchema):
    messenger = fields.Nested(MessengerSchema)
    messengers = Many(fields.Nested(MessengerSchema))
