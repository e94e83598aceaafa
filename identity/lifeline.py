"""A process that must not outlive its parent: however the parent ends, also by kill -9, the kernel tells the child.

A subprocess gets the reading end of a pipe whose writing end only its parent holds; a child of multiprocessing has such
a pipe already. When it closes, the child ends at once, so that ports and locks are free for whoever comes next.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence

VARIABLE = "LIFELINE_DESCRIPTOR"
STATUS_OF_AN_ORPHAN = 75


class Lifeline:
    """The parent's end: as long as this process lives, so may its children."""

    def __init__(self) -> None:
        self._reading, self._writing = os.pipe()

    def start(self, command: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
        """Start a child that calls `end_with_parent`, in a session of its own, so that Ctrl-C reaches its parent only.

        Its standard error is ours; what it greets with on its standard output is not wanted.
        """
        return subprocess.Popen(
            command,
            env={**environment, VARIABLE: str(self._reading)},
            pass_fds=(self._reading,),
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )

    def close(self) -> None:
        """Let go of the children that are left: they end."""
        os.close(self._writing)
        os.close(self._reading)


def end_with_parent() -> None:
    """End this process when its parent does, if it was started to do so. Call it once, early."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        _watch(parent.join)
    elif (descriptor := os.environ.pop(VARIABLE, None)) is not None:
        reading = int(descriptor)
        os.set_inheritable(reading, False)
        _watch(lambda: os.read(reading, 1))


def _watch(wait_for_the_end: Callable[[], object]) -> None:
    def watch() -> None:
        wait_for_the_end()
        os._exit(STATUS_OF_AN_ORPHAN)

    threading.Thread(target=watch, name="lifeline", daemon=True).start()
