"""What an emulator of an identity provider declares of itself: with it, `identity dev` and `identity emulator` know it.

Its folder's `__init__.py` has the declaration as EMULATOR; its `settings.toml` the setting `emulator.<name>_port`; its
`kickstart.json` the requests that configure the provider in a development installation.
"""

from __future__ import annotations

import argparse
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from identity import emulators
from identity.ports import port_argument


class BadOptions(ValueError):
    """What it was told can not be done: the options have not the documented form, or the port is not to be had."""


@dataclass(frozen=True, slots=True)
class ProviderEmulator:
    """One emulator. Everything that is not given here follows from its name, which is that of its folder."""

    name: str
    title: str
    """What people call it, e.g. "X emulator"."""

    purpose: str
    settings: tuple[str, ...]
    """The settings that lead the service to it, e.g. "x.api_url". Who sets one of them gets no emulator."""

    applications: str
    """The member of its options that lists the applications it knows."""

    new_application: Callable[[], Mapping[str, str]]
    """An application with random credentials, as a member of that list."""

    credentials: Mapping[str, str]
    """What its kickstart reads from the environment: the name there, and the member of the application."""

    @property
    def variable(self) -> str:
        """What scripts find its address in."""
        return f"IDENTITY_{self.name.upper()}_EMULATOR_URL"

    @property
    def port_setting(self) -> str:
        """The key in the section `emulator`."""
        return f"{self.name}_port"

    @property
    def module(self) -> str:
        return f"{emulators.__name__}.{self.name}"

    @property
    def kickstart(self) -> Path:
        return Path(__file__).parent / self.name / "kickstart.json"

    def new_options(self) -> dict[str, Any]:
        """What it is started with when nobody says more: one application, made up."""
        return {self.applications: [dict(self.new_application())]}

    def kickstart_variables(self, options: Mapping[str, Any]) -> dict[str, str]:
        """What its kickstart reads, given the options it is started with."""
        application = options[self.applications][0]
        return {variable: str(application[member]) for variable, member in self.credentials.items()}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of either command that runs an emulator: `host`, `port` and `options`."""
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (127.0.0.1)")
    parser.add_argument("--port", type=port_argument, default=0, help="the port to listen on (a free one)")
    parser.add_argument("--options", type=Path, metavar="FILE", help="a JSON file: its applications, latency_ms, ...")


def provider_emulators() -> list[ProviderEmulator]:
    """All of them, by name."""
    names = sorted(module.name for module in pkgutil.iter_modules(emulators.__path__) if module.ispkg)
    packages = [import_module(f"{emulators.__name__}.{name}") for name in names]
    return [package.EMULATOR for package in packages if hasattr(package, "EMULATOR")]
