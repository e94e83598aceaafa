"""gunicorn instead of granian: gunicorn -c config/gunicorn.conf.py 'identity.app:application()'

The settings come from the environment, as everywhere: IDENTITY_HOST, IDENTITY_PORT, IDENTITY_WORKERS, IDENTITY_THREADS.
"""

import os
import shutil
import socket
import struct
import tempfile

from identity.settings import load

_metrics = tempfile.mkdtemp(prefix="identity-metrics-")
os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", _metrics)  # before the application is imported

_settings = load()

bind = f"{_settings.host}:{_settings.port}"
worker_class = "gthread"
workers = _settings.workers
threads = _settings.threads
graceful_timeout = _settings.drain_seconds
timeout = 60
keepalive = 5
limit_request_line = 8190
limit_request_fields = 100
limit_request_field_size = 8190
control_socket_disable = True  # gunicorn 27 would otherwise open a control socket in the home directory

RECEIVE_SECONDS = 3


def post_fork(_server: object, worker: object) -> None:
    """A connection that sends nothing for three seconds gives its thread back; accepted sockets inherit this."""
    for listener in worker.sockets:  # type: ignore[attr-defined]
        listener.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", RECEIVE_SECONDS, 0))


def on_exit(_server: object) -> None:
    shutil.rmtree(_metrics, ignore_errors=True)
