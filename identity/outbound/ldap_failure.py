"""How asking a directory can fail."""

from __future__ import annotations


class DirectoryUnavailable(Exception):
    """The directory gave no answer to build on, so nobody knows whether the password is right.

    `reason` is one of: "connect" (refused, no such name), "timeout", "tls" (also a certificate that is not trusted, or
    another host's), "service bind refused", "protocol" (an answer that is none, or that the search is not possible),
    "busy" (too many are asking already). `detail` says more, for administrators; it names no person.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail
