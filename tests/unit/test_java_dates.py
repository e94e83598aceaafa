"""Times as Java's DateTimeFormatter writes them."""

from __future__ import annotations

import pytest

from identity.domain.java_dates import DEFAULT_PATTERN, BadPattern, formatter, zone

AFTERNOON = 1_720_000_000_123  # 2024-07-03T09:46:40.123Z


@pytest.mark.parametrize(
    ("pattern", "where", "expected"),
    [
        (DEFAULT_PATTERN, "UTC", "2024-07-03 09:46:40 UTC"),
        ("M/d/yyyy hh:mm:ss a z", "America/Denver", "7/3/2024 03:46:40 AM MDT"),
        ("d.M.yy H:mm", "Europe/Berlin", "3.7.24 11:46"),
        ("yyyy-MM-dd'T'HH:mm:ss.SSSXXX", "UTC", "2024-07-03T09:46:40.123Z"),
        ("HH:mm XXX Z", "Asia/Kolkata", "15:16 +05:30 +0530"),
        ("EEEE, EEE, MMMM MMM", "UTC", "Wednesday, Wed, July Jul"),
        ("h 'o''clock' ''", "Asia/Tokyo", "6 o'clock '"),
    ],
)
def test_a_pattern_is_written_as_java_writes_it(pattern: str, where: str, expected: str) -> None:
    found = zone(where)
    assert found is not None
    assert formatter(pattern, found)(AFTERNOON) == expected


@pytest.mark.parametrize("pattern", ["", "yyyy q", "'open", "y" * 101])
def test_what_can_not_be_read_is_refused(pattern: str) -> None:
    utc = zone("UTC")
    assert utc is not None
    with pytest.raises(BadPattern):
        formatter(pattern, utc)


@pytest.mark.parametrize("name", ["Nowhere/Land", "/etc/passwd", "../UTC", "Europe", "a\x00b", ""])
def test_what_is_no_zone_is_none(name: str) -> None:
    assert zone(name) is None
