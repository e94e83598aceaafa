"""A process that starts the embedded PostgreSQL, tells its URL, and stops it when its standard input ends.

`python -m tests.store.postgres_starter HOME [UID GID]`: with a uid it first becomes that user, after its imports, since
that user may not be able to read the interpreter's files. Prints one line of JSON.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

from identity.store.embedded import EmbeddedFailed, EmbeddedPostgres


def main(home: str, *ids: str) -> int:
    if ids:
        uid, gid = map(int, ids)
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    server = EmbeddedPostgres(Path(home), options={"fsync": "off"})
    try:
        url = server.start(lambda _: None)
    except EmbeddedFailed as failure:
        print(json.dumps({"failed": str(failure)}), flush=True)
        return 1
    assert server.facts is not None
    print(json.dumps({"url": url, **asdict(server.facts)}, default=str), flush=True)
    sys.stdin.read()
    server.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
