"""The one way in which a run ends without a table."""

from __future__ import annotations


class BenchFailed(Exception):
    """The figures would mean nothing: the message says what went wrong and what to look at."""
