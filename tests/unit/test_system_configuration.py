"""What the program itself reads of the settings of the whole installation."""

from __future__ import annotations

import pytest

from identity.domain.cors import Cors
from identity.domain.system_configuration import DAY, SystemConfiguration

NOW = 1_700_000_000_000
DELETE, KEEP = {"enabled": True, "number_of_days_to_retain": 90}, {"enabled": False, "number_of_days_to_retain": 90}

CONFIGURATION = SystemConfiguration(
    {
        "cors_configuration": {
            "enabled": True,
            "allow_credentials": True,
            "allowed_headers": ["Authorization", "X-Own"],
            "allowed_methods": ["GET", "POST", "GET"],
            "allowed_origins": ["HTTPS://App.Example:443/", "http://localhost:3000", "*"],
            "exposed_headers": ["X-Identity-Trace"],
            "preflight_max_age_in_seconds": 600,
            "debug": True,
        },
        "report_timezone": "Europe/Berlin",
        "login_record_configuration": {"delete": DELETE},
        "audit_log_configuration": {"delete": KEEP},
    }
)


def test_origins_are_compared_as_browsers_write_them() -> None:
    assert CONFIGURATION.cors == Cors(
        enabled=True,
        allow_credentials=True,
        allowed_headers=("Authorization", "X-Own"),
        allowed_methods=frozenset({"GET", "POST"}),
        allowed_origins=frozenset({"https://app.example", "http://localhost:3000", "*"}),
        exposed_headers=("X-Identity-Trace",),
        preflight_max_age_in_seconds=600,
        debug=True,
    )


def test_reports_count_days_in_the_timezone_that_was_chosen() -> None:
    assert CONFIGURATION.report_timezone == "Europe/Berlin"


@pytest.mark.parametrize(("name", "oldest"), [("login_record", NOW - 90 * DAY), ("audit_log", None)])
def test_what_is_older_than_it_is_to_be_kept_is_deleted_where_that_is_switched_on(
    name: str, oldest: int | None
) -> None:
    assert CONFIGURATION.oldest(name, NOW) == oldest
