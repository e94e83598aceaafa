"""The running service, called by `identity dev` as anybody may call it."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

PATIENCE = 10.0
MERGE_PATCH = "application/merge-patch+json"


class ServiceRefused(Exception):
    """The service did not do what it was asked; the message is the call and its answer."""


@dataclass(frozen=True, slots=True)
class ServiceApi:
    """The service, called with a key that opens everything."""

    address: str
    key: str = field(repr=False)

    def read(self, path: str) -> dict[str, Any] | None:
        """None when there is no such object. Raises ServiceRefused."""
        status, text = self._call("GET", path, None, MERGE_PATCH)
        if status == HTTPStatus.NOT_FOUND:
            return None
        found: dict[str, Any] = json.loads(_accepted("GET", path, status, text))
        return found

    def patch(self, path: str, document: Mapping[str, Any]) -> None:
        """Raises ServiceRefused."""
        self.send("PATCH", path, document, MERGE_PATCH)

    def send(self, method: str, path: str, document: Any, content_type: str) -> None:
        """Raises ServiceRefused."""
        _accepted(method, path, *self._call(method, path, json.dumps(document), content_type))

    def _call(self, method: str, path: str, body: str | None, content_type: str) -> tuple[int, bytes]:
        headers = {"Authorization": self.key, "Content-Type": content_type}
        connection = http.client.HTTPConnection(self.address, timeout=PATIENCE)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise ServiceRefused(f"{method} {path}: {error}") from error
        finally:
            connection.close()


def _accepted(method: str, path: str, status: int, text: bytes) -> bytes:
    if status != HTTPStatus.OK:
        raise ServiceRefused(f"{method} {path} {status} {text.decode(errors='replace')}")
    return text
