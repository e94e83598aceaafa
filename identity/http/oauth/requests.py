"""An OAuth request as it came, read strictly: a form and nothing else, and every parameter once.

Source: RFC 6749 section 3.1 and 3.2; security T15 and T32.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from authlib.oauth2.rfc6749 import OAuth2Payload, OAuth2Request
from flask import Request
from werkzeug.datastructures import MultiDict

from identity.domain.bounds import storable
from identity.domain.errors import Invalid
from identity.domain.oauth_errors import invalid_request
from identity.domain.trace import Trace
from identity.flows.oauth.clients import Client
from identity.flows.services import Services
from identity.http import body


class Parameters(OAuth2Payload):  # type: ignore[misc]  # the library has no types
    """The parameters of a request, each of which came once."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    @property
    def data(self) -> Mapping[str, str]:
        return self._values

    @property
    def datalist(self) -> defaultdict[str, list[str]]:
        return defaultdict(list, {name: [value] for name, value in self._values.items()})


class OAuthRequest(OAuth2Request):  # type: ignore[misc]
    """A request to one of the endpoints, with what serves it."""

    def __init__(self, services: Services, request: Request, values: Mapping[str, str], trace: Trace) -> None:
        # The library insists on https in this text; whether there is any is the operator's choice (decision 16).
        super().__init__(request.method, "https://localhost/", headers=request.headers)
        self.services = services
        self.source = request
        self.trace = trace
        self.payload = Parameters(values)
        self.client: Client | None = None
        self.authenticated = False

    @property
    def form(self) -> Mapping[str, str]:
        return self.values

    @property
    def args(self) -> Mapping[str, str]:
        return {}

    @property
    def values(self) -> Mapping[str, str]:
        found: Mapping[str, str] = self.payload.data
        return found

    def text(self, name: str) -> str | None:
        """A parameter; without a value it counts as left out (RFC 6749, 3.2)."""
        return self.values.get(name) or None

    def required(self, name: str) -> str:
        """Raises OAuthRefused."""
        value = self.text(name)
        if value is None:
            raise invalid_request(f"missing_{name}", f"The {name} parameter is missing.")
        return value


def read_form(request: Request) -> dict[str, str]:
    """The fields of the form. Raises OAuthRefused, RequestEntityTooLarge."""
    try:
        body.require_type(request, (body.FORM,))
    except Invalid as error:
        raise invalid_request("invalid_content_type", f"The Content-Type must be {body.FORM}.") from error
    body.read_form(request)
    return once(request.form)


def once(given: MultiDict[str, str]) -> dict[str, str]:
    """Every parameter, which must have come once and be storable. Raises OAuthRefused."""
    if any(len(values) > 1 for _, values in given.lists()):
        raise invalid_request("duplicate_parameter", "A parameter is included more than once.")
    values: dict[str, Any] = given.to_dict()
    if not all(storable(name) and storable(value) for name, value in values.items()):
        raise invalid_request("invalid_parameter", "A parameter holds characters that are not possible.")
    return values
