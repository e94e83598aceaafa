"""The files that pages load: each is served under the hash of its content, so a browser keeps it for ever."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from flask import Blueprint, Response, abort, request

KINDS = {"pages.css": "text/css; charset=UTF-8", "icon.svg": "image/svg+xml"}
FOR_EVER = "public, max-age=31536000, immutable"
FOLDER = "/assets/"
blueprint = Blueprint("assets", __name__)


@dataclass(frozen=True, slots=True)
class Asset:
    """One file, as it is sent."""

    path: str
    content_type: str
    content: bytes
    compressed: bytes


@cache
def asset(name: str) -> Asset:
    """The file of this name."""
    content = (files(__name__) / name).read_bytes()
    stem, _, suffix = name.partition(".")
    path = f"{FOLDER}{stem}.{hashlib.sha256(content).hexdigest()[:16]}.{suffix}"
    return Asset(path, KINDS[name], content, gzip.compress(content, 9, mtime=0))


@cache
def _by_path() -> Mapping[str, Asset]:
    return {found.path: found for found in map(asset, KINDS)}


@blueprint.get(FOLDER + "<name>")
def send(name: str) -> Response:
    """A file under its hash; under any other one there is nothing."""
    found = _by_path().get(FOLDER + name)
    if found is None:
        abort(404)
    packed = request.accept_encodings["gzip"] > 0
    response = Response(found.compressed if packed else found.content, content_type=found.content_type)
    if packed:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding"
    response.headers["Cache-Control"] = FOR_EVER
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response
