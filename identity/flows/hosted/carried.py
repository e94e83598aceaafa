"""What a browser carries from page to page: a sign-in, sealed for that browser alone.

The sealed text is state, proof of origin and anti-forgery token in one: only this service makes one, and it opens only
beside the cookie of the browser that was given it (security T3).
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

import orjson

from identity.domain.sign_in import SignIn
from identity.flows.services import Services
from identity.sealing import CannotOpen, Place
from identity.store.external_identifiers import hash_of

LONGEST = 16 * 1024
"""Characters of a sealed sign-in; the pages keep what goes into one well below."""


class NotThisBrowser(Exception):
    """The sealed sign-in is missing, was altered, or belongs to another browser."""


def seal(services: Services, sign_in: SignIn, browser: str) -> str:
    """The sign-in as hidden field or query parameter; `browser` is the secret of the browser's cookie."""
    return services.sealer.seal(orjson.dumps(asdict(sign_in)).decode(), _place(browser))


def open_sealed(services: Services, text: str, browser: str) -> SignIn:
    """Raises NotThisBrowser."""
    if not text or len(text) > LONGEST or not text.isascii():
        raise NotThisBrowser
    try:
        kept: dict[str, Any] = orjson.loads(services.sealer.open(text, _place(browser)))
    except (CannotOpen, ValueError) as error:  # what is no sealed text at all fails in ways of its own
        raise NotThisBrowser from error
    tenant_id, application_id = kept["tenant_id"], kept["application_id"]
    return SignIn(
        **kept
        | {
            "tenant_id": UUID(tenant_id) if tenant_id else None,
            "application_id": UUID(application_id) if application_id else None,
        }
    )


def _place(browser: str) -> Place:
    return Place("browser", hash_of(browser).hex(), "sign_in")
