"""Where settings come from: files and the environment, each value turned into what its setting is.

Order, later wins: config/default.toml and what folders bring (`brought.py`), the file named by IDENTITY_CONFIG_FILE,
the environment. An unknown key in a file is an error; an unknown IDENTITY_ variable is reported as a warning.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, get_type_hints

from identity.settings import brought
from identity.settings.checks import check
from identity.settings.tree import PREFIX, BadSettings, Settings, variable_of

ALIASES = {"FUSIONAUTH_APP_KICKSTART_FILE": "IDENTITY_KICKSTART_FILE"}
WRITTEN_BY_DEV = (
    "IDENTITY_URL",
    "IDENTITY_API_KEY",
    "IDENTITY_APPLICATION_ID",
    "IDENTITY_MAIL_CATCHER_URL",
    "IDENTITY_MAIL_CATCHER_SMTP_PORT",
    "IDENTITY_DEMO_URL",
)
"""What `identity dev` tells scripts in `dev.env`: no settings, but whoever has sourced that file sets them."""
EMULATOR_URL = re.compile(r"IDENTITY_[A-Z0-9]+_EMULATOR_URL")
"""And where each emulator of a provider is."""
OWN_VARIABLES = frozenset({"IDENTITY_CONFIG_FILE", *WRITTEN_BY_DEV})
MODES = ("development", "production")
IN_DEVELOPMENT = {"login.rate_limit": 0, "webhook.allow_private": True, "rocketchat.rate_limit_calls": 0}
"""What has another default there (decisions 21, 35 and 56)."""

PACKAGE = Path(__file__).parents[1]
KINDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a text", Path: "a path"}
"""What a setting of each type must be, in the words of messages."""


def data_folder(name: str) -> Path:
    """`migrations` or `config`: inside the installed package (`_data`), else beside it in the source tree."""
    packaged = PACKAGE / "_data" / name
    return packaged if packaged.is_dir() else PACKAGE.parent / name


def load(environment: Mapping[str, str] | None = None, *, mode: str | None = None) -> Settings:
    """Read the settings. `mode` is the mode of the command (`identity dev`), unless the environment names one.

    Raises BadSettings.
    """
    given = _with_aliases(os.environ if environment is None else environment)
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    _merge_file(values, sources, data_folder("config") / "default.toml")
    for name, (value, path) in brought.defaults().items():
        values[name], sources[name] = value, str(path)
    defaults = dict(sources)
    chosen_mode = given.get("IDENTITY_MODE") or mode or values["mode"]
    if chosen_mode not in MODES:
        raise BadSettings(f"IDENTITY_MODE is {chosen_mode!r}; it must be one of {', '.join(MODES)}.")
    if own := given.get("IDENTITY_CONFIG_FILE"):
        _merge_file(values, sources, Path(own))
    warnings = _merge_environment(values, sources, given)
    values["mode"] = chosen_mode
    if chosen_mode == "development":
        values |= {name: value for name, value in IN_DEVELOPMENT.items() if sources[name] == defaults[name]}
    built: Settings = _build(Settings, values, sources, "")
    settings = replace(
        built,
        brought=_brought(values, sources),
        given=frozenset(name for name, source in sources.items() if source != defaults.get(name)),
        warnings=tuple(warnings),
    )
    check(settings)
    return settings


def _with_aliases(environment: Mapping[str, str]) -> dict[str, str]:
    given = dict(environment)
    for alias, name in ALIASES.items():
        if alias in given:
            given.setdefault(name, given[alias])
    return given


def _merge_file(values: dict[str, Any], sources: dict[str, str], path: Path) -> None:
    try:
        loaded = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadSettings(f"The settings file {path} cannot be read: {error.strerror}.") from error
    except tomllib.TOMLDecodeError as error:
        raise BadSettings(f"The settings file {path} is not valid TOML: {error}.") from error
    known = known_names()
    for dotted, value in brought.flat(loaded).items():
        if dotted not in known:
            raise BadSettings(f"The settings file {path} has an unknown key {dotted!r}.")
        values[dotted] = value
        sources[dotted] = str(path)


def _merge_environment(values: dict[str, Any], sources: dict[str, str], given: Mapping[str, str]) -> list[str]:
    names = {variable_of(dotted): dotted for dotted in known_names()}
    warnings = []
    for name in sorted(given):
        if not name.startswith(PREFIX) or name in OWN_VARIABLES or EMULATOR_URL.fullmatch(name):
            continue
        if name not in names:
            warnings.append(f"The variable {name} is no setting of identity and has no effect.")
        else:
            values[names[name]] = given[name]
            sources[names[name]] = name
    return warnings


def known_names() -> list[str]:
    """The dotted names of all settings there are."""
    return [*_paths(Settings), *brought.defaults()]


def _brought(values: Mapping[str, Any], sources: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """What folders bring, each of the type that its default has."""
    wanted = {name: type(default) for name, (default, _) in brought.defaults().items()}
    return brought.by_section(
        {name: _convert(values[name], kind, name, sources[name]) for name, kind in wanted.items()}
    )


def _paths(kind: type) -> list[str]:
    """The dotted names of all settings, `lambda_` without its underscore."""
    hints = get_type_hints(kind)
    paths = []
    for item in fields(kind):
        if item.name in {"brought", "given", "warnings"}:
            continue
        name = item.name.rstrip("_")
        inner = hints[item.name]
        if hasattr(inner, "__dataclass_fields__"):
            paths += [f"{name}.{path}" for path in _paths(inner)]
        else:
            paths.append(name)
    return paths


def _build(kind: type, values: Mapping[str, Any], sources: Mapping[str, str], prefix: str) -> Any:
    hints = get_type_hints(kind)
    arguments = {}
    for item in fields(kind):
        dotted = prefix + item.name.rstrip("_")
        wanted = hints[item.name]
        if hasattr(wanted, "__dataclass_fields__"):
            arguments[item.name] = _build(wanted, values, sources, f"{dotted}.")
        elif dotted in values:
            arguments[item.name] = _convert(values[dotted], wanted, dotted, sources[dotted])
    return kind(**arguments)


def _convert(value: Any, wanted: Any, dotted: str, source: str) -> Any:
    try:
        if wanted is bool:
            return _to_bool(value)
        if wanted is int and isinstance(value, int | str) and not isinstance(value, bool):
            return int(value)
        if wanted is float and isinstance(value, int | float | str) and not isinstance(value, bool):
            return float(value)
        if wanted is str and isinstance(value, str):
            return value
        if wanted is Path and isinstance(value, str) and value:
            return Path(value)
    except ValueError:
        pass
    raise BadSettings(f"{source}: the setting {dotted!r} is {value!r}; it must be {KINDS[wanted]}.")


def _to_bool(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in {"true", "1", "yes", "on"}:
        return True
    if isinstance(value, str) and value.lower() in {"false", "0", "no", "off", ""}:
        return False
    raise ValueError(value)
