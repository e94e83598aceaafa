"""A private PostgreSQL in the data directory, started, shared and recovered without anybody's help.

Only its programs come from a package or the machine; the supervision is ours, because the password authentication,
the account it drops to and the recovery after a kill -9 have to be right for an identity store.
"""

from identity.store.embedded.failure import EmbeddedFailed
from identity.store.embedded.place import make_home
from identity.store.embedded.supervisor import EmbeddedPostgres, Facts

__all__ = ["EmbeddedFailed", "EmbeddedPostgres", "Facts", "make_home"]
