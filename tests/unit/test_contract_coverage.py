"""docs/contract-coverage.md names tests that exist, for every section that must be covered."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
PAGE = TESTS.parent / "docs" / "contract-coverage.md"
ROW = re.compile(r"\| (?P<row>[^|]*) \| `(?P<module>[^`]+)` \| (?P<tests>[^|]+) \|")
ROWS = [found for line in PAGE.read_text(encoding="utf-8").splitlines() if (found := ROW.fullmatch(line))]
SECTIONS = (
    *(f"1.{number}" for number in range(1, 5)),
    *(f"2.{number}" for number in range(1, 12)),
    *(f"3.{number}" for number in range(1, 5)),
    *(f"5.{number}" for number in range(1, 8)),
    *(f"6.{number}" for number in range(1, 6)),
    *(f"10.{number}" for number in range(1, 5)),
)

SUPPORTING = tuple(str(number) for number in (1, *range(3, 23)))
"""Of the supporting contract; 2 says in short what the others say."""


@cache
def names_in(module: str) -> frozenset[str]:
    tree = ast.parse((TESTS / module).read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['module']}: {row['row'] or '...'}")
def test_the_names_in_a_row_exist(row: re.Match[str]) -> None:
    named = {f"test_{name}" for name in row["tests"].split(", ")}
    assert named - names_in(row["module"]) == set()


def test_no_line_of_a_table_escapes_this_test() -> None:
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    heads = sum(line in {"| row | module | tests |", "| --- | --- | --- |"} for line in lines)
    assert len(ROWS) == len(lines) - heads > 0


@pytest.mark.parametrize("section", SECTIONS)
def test_every_section_has_a_row(section: str) -> None:
    assert [row for row in ROWS if re.match(rf"{re.escape(section)}\b(?!\.)", row["row"])]


@pytest.mark.parametrize("section", SUPPORTING)
def test_every_section_of_the_supporting_contract_has_a_row(section: str) -> None:
    table = PAGE.read_text(encoding="utf-8").partition("\n## Supporting contract\n")[2].partition("\n## ")[0]
    assert re.search(rf"^\| {section}\b", table, re.MULTILINE)
