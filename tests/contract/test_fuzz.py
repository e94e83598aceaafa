"""Every operation of the OpenAPI document under generated requests: valid by its schemas, and broken.

The suite's run is short and always the same. `make fuzz` tries as many as FUZZ_EXAMPLES says, each time others.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
import schemathesis
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode

from identity.app import create_app
from tests import postgres
from tests.service import Service, running_service

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "0"))
FEW = 4
"""Requests of each kind for each operation, in a run of the suite."""


@pytest.fixture(scope="module")
def service(postgres_server: postgres.Server, migrated_template: str) -> Iterator[Service]:
    url = postgres.fresh_database(postgres_server, migrated_template)
    with running_service(url) as running:
        yield running
    postgres.drop_database(postgres_server, url)


@pytest.fixture(scope="module")
def operations(service: Service) -> list[Any]:
    schema = schemathesis.openapi.from_wsgi("/openapi.json", create_app(service.services))
    return [found.ok() for found in schema.get_all_operations()]


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_every_answer_is_one_that_the_document_names(
    service: Service, operations: list[Any], mode: GenerationMode
) -> None:
    """So none is a fault, and none says that the database is away."""
    for operation in operations:
        try:
            _try(service, operation, mode)
        except Unsatisfiable:
            assert mode is GenerationMode.NEGATIVE  # there is nothing to break in a call without input


def _try(service: Service, operation: Any, mode: GenerationMode) -> None:
    documented = {int(status) for status in operation.definition.raw["responses"] if status.isdigit()}

    @hypothesis.settings(
        max_examples=EXAMPLES or FEW,
        derandomize=not EXAMPLES,
        deadline=None,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
        phases=[hypothesis.Phase.generate, hypothesis.Phase.shrink],
    )
    @hypothesis.given(case=operation.as_strategy(generation_mode=mode), with_key=st.booleans())
    def answers_as_documented(case: Case, with_key: bool) -> None:
        answer = case.call(headers={"Authorization": service.key} if with_key else {})
        assert answer.status_code in documented - {503}, (operation.label, answer.status_code, answer.text)

    answers_as_documented()
