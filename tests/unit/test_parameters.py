"""Parameters of tests are the same in every process: workers collect by themselves, and have to agree on the names."""

from __future__ import annotations

import ast
from pathlib import Path

TESTS = Path(__file__).parents[1]
RANDOM = {"choice", "randbelow", "randint", "random", "token_bytes", "token_hex", "token_urlsafe", "urandom", "uuid4"}


def random_calls(source: str) -> list[int]:
    """The lines where a decorator calls something random."""
    tree = ast.parse(source)
    decorators = [found for node in ast.walk(tree) for found in getattr(node, "decorator_list", [])]
    calls = [call for decorator in decorators for call in ast.walk(decorator) if isinstance(call, ast.Call)]
    return [call.lineno for call in calls if getattr(call.func, "id", getattr(call.func, "attr", "")) in RANDOM]


def test_no_parameter_of_a_test_is_random() -> None:
    found = {str(path): lines for path in TESTS.rglob("*.py") if (lines := random_calls(path.read_text()))}
    assert not found


def test_a_random_parameter_would_be_found() -> None:
    assert random_calls("@pytest.mark.parametrize('id', [1, str(uuid4())])\ndef test(): ...") == [1]
