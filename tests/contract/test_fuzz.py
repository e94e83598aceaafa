"""Every operation of the OpenAPI document under generated requests: valid by its schemas, and broken.

The suite's run is short and always the same. `make fuzz` tries as many as FUZZ_EXAMPLES says, each time others.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import hypothesis
import pytest
import schemathesis
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode

from identity.app import create_app
from tests import postgres
from tests.connectors import add_connector
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
def existing(service: Service) -> dict[str, str]:
    """Path parameters that name something, so that not every request ends at 404."""
    application = {"application": {"name": "Fuzzed", "roles": [{"name": "user", "isDefault": True}]}}
    made = service.call("POST", "/api/application", application).json()["application"]
    user = {"user": {"email": "fuzzed@example.com", "password": "correct horse battery"}}
    registered = service.call("POST", "/api/user/registration", user | {"registration": {"applicationId": made["id"]}})
    source = {"name": "n", "type": "TwitterReconcile", "body": "function reconcile(user, registration) {}"}
    provider = {"type": "Twitter", "buttonText": "b", "consumerKey": "k", "consumerSecret": "s"}
    texts = {"defaultSubject": "s", "defaultTextTemplate": "t", "defaultHtmlTemplate": "h"}
    email_template = {"emailTemplate": {"name": "n", **texts}}
    message_template = {"messageTemplate": {"name": "n", "type": "SMS", "defaultTemplate": "t"}}
    messenger = {"messenger": {"name": "n", "type": "Generic", "url": "http://127.0.0.1:9/"}}
    return {
        "email_template_id": service.call("POST", "/api/email/template", email_template).json()["emailTemplate"]["id"],
        "message_template_id": service.call("POST", "/api/message/template", message_template).json()[
            "messageTemplate"
        ]["id"],
        "messenger_id": service.call("POST", "/api/messenger", messenger).json()["messenger"]["id"],
        "connector_id": add_connector(service)["id"],
        "api_key_id": service.call("POST", "/api/api-key", {"apiKey": {"name": "n"}}).json()["apiKey"]["id"],
        "application_id": made["id"],
        "identity_provider_id": service.call("POST", "/api/identity-provider", {"identityProvider": provider}).json()[
            "identityProvider"
        ]["id"],
        "key_id": str(service.signing_key_id),
        "lambda_id": service.call("POST", "/api/lambda", {"lambda": source}).json()["lambda"]["id"],
        "role_id": made["roles"][0]["id"],
        "tenant_id": str(service.tenant_id),
        "user_id": registered.json()["user"]["id"],
    }


@pytest.fixture(scope="module")
def operations(service: Service) -> list[Any]:
    schema = schemathesis.openapi.from_wsgi("/openapi.json", create_app(service.services))
    return [found.ok() for found in schema.get_all_operations()]


@pytest.mark.filterwarnings("ignore:Do not use the `random` module")  # the library does, to spoil requests
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_every_answer_is_one_that_the_document_names(
    service: Service, operations: list[Any], existing: dict[str, str], mode: GenerationMode
) -> None:
    """So none is a fault, and none says that the database is away."""
    for operation in operations:
        try:
            _try(service, operation, _requests(operation, existing, mode))
        except Unsatisfiable:
            assert mode is GenerationMode.NEGATIVE  # there is nothing to break in a call without input


def _requests(operation: Any, existing: dict[str, str], mode: GenerationMode) -> st.SearchStrategy[Case]:
    """Requests for any object, and for one that exists; those that remove or create it name any."""
    generated: st.SearchStrategy[Case] = operation.as_strategy(generation_mode=mode)
    names = re.findall(r"{(\w+_id)}", operation.path)
    if not names or operation.method.upper() == "DELETE":
        return generated
    ids = existing | ({"key_id": existing["api_key_id"]} if operation.path.startswith("/api/api-key") else {})
    known = {name: ids.get(name, str(uuid4())) for name in names}
    return generated | operation.as_strategy(generation_mode=mode, path_parameters=known)


def _try(service: Service, operation: Any, requests: st.SearchStrategy[Case]) -> None:
    documented = {int(status) for status in operation.definition.raw["responses"] if status.isdigit()}

    @hypothesis.settings(
        max_examples=EXAMPLES or FEW,
        derandomize=not EXAMPLES,
        deadline=None,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
        phases=[hypothesis.Phase.generate, hypothesis.Phase.shrink],
    )
    @hypothesis.given(case=requests, with_key=st.booleans())
    def answers_as_documented(case: Case, with_key: bool) -> None:
        answer = case.call(headers={"Authorization": service.key} if with_key else {})
        assert answer.status_code in documented - {503}, (operation.label, answer.status_code, answer.text)

    answers_as_documented()
