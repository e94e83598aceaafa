"""The zipped CSV that exports answer with."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from identity.http.csv_export import zipped_csv


def test_an_export_that_breaks_half_way_leaves_no_file_open() -> None:
    def rows() -> Iterator[list[str]]:
        yield ["first"]
        raise LookupError("the database went away")

    with pytest.raises(LookupError):
        zipped_csv("export", ["column"], rows())
    gc.collect()  # a file that is still open warns when it is collected, and warnings are errors
