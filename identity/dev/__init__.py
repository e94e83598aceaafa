"""`identity dev`, which is behind `make run`: everything on one machine, started, watched and stopped together."""

from identity.dev.folder import DevFailed, key_file, read_dev_env
from identity.dev.supervisor import run

__all__ = ["DevFailed", "key_file", "read_dev_env", "run"]
