"""Settings: one frozen tree (`tree.py`), read once (`reading.py`) and checked (`checks.py`); decision 35."""

from identity.settings.reading import data_folder, known_names, load
from identity.settings.tree import (
    BadSettings,
    Kickstart,
    Lambda,
    Links,
    Login,
    Mail,
    Network,
    RocketChat,
    Settings,
    Sms,
    X,
    variable_of,
)

__all__ = [
    "BadSettings",
    "Kickstart",
    "Lambda",
    "Links",
    "Login",
    "Mail",
    "Network",
    "RocketChat",
    "Settings",
    "Sms",
    "X",
    "data_folder",
    "known_names",
    "load",
    "variable_of",
]
