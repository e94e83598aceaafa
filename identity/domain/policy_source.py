"""How a content security policy names an address: by its origin, or by its scheme where that is an app's own.

Addresses are an administrator's words. One that has no such name is left out, so that no text of theirs becomes a rule
of the policy, or a header that cannot be sent.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

SCHEME = re.compile(r"[a-z][a-z0-9+.-]*")
HOST = re.compile(r"(?:(?:\*\.)?[a-z0-9_.-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?", re.IGNORECASE | re.ASCII)


def source_of(url: str) -> str | None:
    """None when a policy cannot name it."""
    try:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"}:
            return f"{parts.scheme}:" if SCHEME.fullmatch(parts.scheme) else None
        host = parts.netloc.encode("idna").decode("ascii")  # as browsers write it
    except ValueError:
        return None
    return f"{parts.scheme}://{host}" if HOST.fullmatch(host) else None
