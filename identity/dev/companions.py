"""What runs beside the service in development: the emulators of providers, and the mail catcher."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from identity import ports
from identity.dev.folder import emulator_options, options_path
from identity.emulators.provider_emulator import ProviderEmulator, provider_emulators
from identity.settings import Settings, known_names, variable_of

LOOPBACK = "127.0.0.1"
MAIL_SETTINGS = {"mail.host", "mail.port"}
CATCHER_URL = "IDENTITY_MAIL_CATCHER_URL"
CATCHER_SMTP_PORT = "IDENTITY_MAIL_CATCHER_SMTP_PORT"


@dataclass(frozen=True, slots=True)
class Companion:
    """A program to start, which then answers at `url`."""

    name: str
    row: str
    """How the banner calls it."""

    url: str
    command: list[str]
    told: Mapping[str, str]
    """What scripts are told of it in `dev.env`."""

    leads: Mapping[str, str]
    """The environment that leads the service to it."""


def companions(settings: Settings, earlier: Mapping[str, str]) -> list[Companion]:
    """All that stand in for what nobody has set. `earlier` is what scripts were told at the last start."""
    wanted = [emulator for emulator in usable_emulators() if not settings.given.intersection(emulator.settings)]
    found = [_emulator(emulator, settings, earlier) for emulator in wanted]
    return found if MAIL_SETTINGS & settings.given else [*found, _mail_catcher(settings, earlier)]


def usable_emulators() -> list[ProviderEmulator]:
    """Those of the providers that this service has: their settings are there."""
    known = known_names()
    return [emulator for emulator in provider_emulators() if {*emulator.settings} <= {*known}]


def newcomers(home: Path) -> list[ProviderEmulator]:
    """Those that this installation has never been started with: ask before their options are made."""
    return [emulator for emulator in usable_emulators() if not options_path(home, emulator).exists()]


def credentials(home: Path) -> dict[str, str]:
    """What the kickstarts of the emulators read from the environment."""
    found: dict[str, str] = {}
    for emulator in usable_emulators():
        found |= emulator.kickstart_variables(json.loads(emulator_options(home, emulator).read_text(encoding="utf-8")))
    return found


def choose_url(port: int, earlier_url: str) -> str:
    """Where a program is to listen: at the port that is set, else where it was if nobody else is there now."""
    earlier = urlsplit(earlier_url).port or 0
    return f"http://{LOOPBACK}:{port or _still_free(earlier) or ports.free_port(LOOPBACK)}"


def port_of(url: str) -> int:
    """The port of one of those."""
    port = urlsplit(url).port
    assert port is not None
    return port


def answers(url: str) -> bool:
    return ports.status_of(LOOPBACK, port_of(url), "/") is not None


def _emulator(emulator: ProviderEmulator, settings: Settings, earlier: Mapping[str, str]) -> Companion:
    url = choose_url(settings.of("emulator")[emulator.port_setting], earlier.get(emulator.variable, ""))
    options = emulator_options(settings.data_dir, emulator)
    place = ["--host", LOOPBACK, "--port", str(port_of(url))]
    return Companion(
        f"the {emulator.title}",
        emulator.title,
        url,
        [emulator.module, *place, "--options", str(options)],
        told={emulator.variable: url},
        leads={variable_of(name): url for name in emulator.settings},
    )


def _mail_catcher(settings: Settings, earlier: Mapping[str, str]) -> Companion:
    chosen = settings.of("emulator")
    url = choose_url(chosen["mail_port"], earlier.get(CATCHER_URL, ""))
    earlier_smtp = _still_free(int(earlier.get(CATCHER_SMTP_PORT, "0")))
    smtp_port = str(chosen["smtp_port"] or earlier_smtp or ports.free_port(LOOPBACK))
    sms_url = settings.sms.url or f"{url}/api/messages"
    return Companion(
        "the mail catcher",
        "mails",
        url,
        ["identity.emulators.mail", "--port", str(port_of(url)), "--smtp-port", smtp_port],
        told={CATCHER_URL: url, CATCHER_SMTP_PORT: smtp_port},
        leads={"IDENTITY_MAIL_HOST": LOOPBACK, "IDENTITY_MAIL_PORT": smtp_port, "IDENTITY_SMS_URL": sms_url},
    )


def _still_free(port: int) -> int | None:
    """The port of the last start, which a page or a configuration may still name, if nobody else has it now."""
    return port if port and ports.is_free(LOOPBACK, port) else None
