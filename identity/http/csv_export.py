"""Exports of logs: a zip file with one CSV file in it, finished before the first byte of the answer leaves."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from tempfile import SpooledTemporaryFile
from typing import IO

from flask import Response

ZIP = "application/zip"
IN_MEMORY = 4 * 1024 * 1024
CHUNK = 64 * 1024
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What makes a spreadsheet take a cell for a formula; people choose their login ids, and callers say their address."""


def zipped_csv(name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """An answer that is `name`.zip with `name`.csv in it."""
    file = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 (closed once it is sent)
    with ExitStack() as unfinished:
        unfinished.callback(file.close)
        _write(file, name, header, rows)
        unfinished.pop_all()
    size = file.tell()
    file.seek(0)
    response = Response(_chunks(file), content_type=ZIP)
    response.call_on_close(file.close)  # also when nobody reads it to its end
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.zip"'
    response.content_length = size
    return response


def _write(file: IO[bytes], name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive, archive.open(f"{name}.csv", "w") as member:
        text = io.TextIOWrapper(member, encoding="utf-8", newline="")
        writer = csv.writer(text)
        writer.writerow(header)
        writer.writerows([_cell(value) for value in row] for row in rows)
        text.flush()
        text.detach()


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    """To its end, where it is closed: not every server closes what it was given to send."""
    with file:
        while chunk := file.read(CHUNK):
            yield chunk


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA) else text
