"""Themes: stored and returned whole; the default one is read only."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from tests.service import Service, codes

PATH = "/api/theme"
DEFAULT = "75a068fd-e94b-451a-9aeb-3ddb9a3b5987"


def make(service: Service, **members: Any) -> dict[str, Any]:
    answer = service.call("POST", PATH, {"theme": {"name": uuid4().hex} | members})
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json()["theme"]
    return made


def test_the_official_client_creates_reads_changes_and_deletes_a_theme(shared_service: Service) -> None:
    client, theme_id = shared_service.client, str(uuid4())
    given = {
        "data": {"a": 1},
        "defaultMessages": "login=Login",
        "localizedMessages": {"de": "login=Anmelden"},
        "name": uuid4().hex,
        "stylesheet": "body { color: red; }",
        "templates": {"oauth2Authorize": "[#ftl/] ${a}", "samlv2Logout": "bye"},
        "type": "advanced",
    }
    created = client.create_theme({"theme": given}, theme_id)
    assert created.was_successful(), created.error_response
    made = created.success_response["theme"]
    assert {name: made[name] for name in given} == given
    assert client.retrieve_theme(theme_id).success_response == {"theme": made}
    changed = client.patch_theme(theme_id, {"theme": {"stylesheet": "p {}"}}).success_response["theme"]
    assert (changed["stylesheet"], changed["templates"]) == ("p {}", given["templates"])
    replaced = client.update_theme(theme_id, {"theme": {"name": given["name"]}}).success_response["theme"]
    assert "stylesheet" not in replaced
    assert replaced["templates"] == {}
    assert client.delete_theme(theme_id).was_successful()
    assert client.retrieve_theme(theme_id).status == 404


def test_a_simple_theme_keeps_its_variables(shared_service: Service) -> None:
    variables = {
        "backgroundImageURL": "https://x.example/b.png",
        "favicons": [{"href": "/f.ico", "rel": "icon"}],
        "footerDisplay": True,
        "primaryButtonColor": "#112233",
    }
    made = make(shared_service, type="simple", variables=variables)
    assert (made["type"], made["variables"]) == ("simple", variables)


def test_a_theme_is_copied_under_a_name_of_its_own(shared_service: Service) -> None:
    source = make(shared_service, stylesheet="p {}", type="simple")
    body = {"sourceThemeId": source["id"], "theme": {"name": uuid4().hex}}
    copy = shared_service.call("POST", PATH, body).json()["theme"]
    assert (copy["stylesheet"], copy["type"]) == ("p {}", "simple")
    assert copy["id"] != source["id"]
    refused = shared_service.call("POST", PATH, body | {"sourceThemeId": str(uuid4())})
    assert codes(refused) == {"[invalid]sourceThemeId"}


def test_the_default_theme_is_there_and_read_only(shared_service: Service) -> None:
    path = f"{PATH}/{DEFAULT}"
    assert shared_service.call("GET", path).json()["theme"]["name"] == "Default"
    for method in ("PUT", "PATCH", "DELETE"):
        refused = shared_service.call(method, path, {"theme": {"name": "Mine"}})
        assert (refused.status_code, codes(refused)) == (400, {"[invalid]theme.id"})
    assert DEFAULT in [theme["id"] for theme in shared_service.call("GET", PATH).json()["themes"]]


def test_names_and_ids_are_taken_once(shared_service: Service) -> None:
    made = make(shared_service)
    same_name = shared_service.call("POST", PATH, {"theme": {"name": made["name"]}})
    assert codes(same_name) == {"[duplicate]theme.name"}
    same_id = shared_service.call("POST", f"{PATH}/{made['id']}", {"theme": {"name": uuid4().hex}})
    assert codes(same_id) == {"[duplicate]theme.id"}


@pytest.mark.parametrize(
    ("theme", "code"),
    [
        ({}, "[blank]theme.name"),
        ({"name": "n", "type": "fancy"}, "[invalidJSON]theme.type"),
        ({"name": "n", "templates": {"index": 1}}, "[invalidJSON]theme.templates.index"),
        ({"name": "n", "templates": []}, "[invalidJSON]theme.templates"),
    ],
)
def test_a_theme_that_does_not_fit_is_refused(shared_service: Service, theme: dict[str, Any], code: str) -> None:
    refused = shared_service.call("POST", PATH, {"theme": theme})
    assert refused.status_code == 400
    assert codes(refused) in ({code}, {"[invalidJSON]"})


def test_the_type_stays(shared_service: Service) -> None:
    made = make(shared_service)
    refused = shared_service.call("PATCH", f"{PATH}/{made['id']}", {"theme": {"type": "simple"}})
    assert codes(refused) == {"[invalid]theme.type"}


def test_a_theme_that_a_tenant_names_is_kept(service: Service) -> None:
    made = make(service)
    tenant = f"/api/tenant/{service.tenant_id}"
    assert service.call("PATCH", tenant, {"tenant": {"themeId": made["id"]}}).status_code == 200
    assert codes(service.call("DELETE", f"{PATH}/{made['id']}")) == {"[inUse]theme.id"}


def test_a_search_finds_by_name_and_type(service: Service) -> None:
    for name, kind in (("Alpha", "simple"), ("Beta", "advanced")):
        make(service, name=name, type=kind)
    found = service.call("POST", f"{PATH}/search", {"search": {"type": "simple"}}).json()
    assert ([theme["name"] for theme in found["themes"]], found["total"]) == (["Alpha"], 1)
    found = service.call("GET", f"{PATH}/search?name=bet*&orderBy=name%20DESC").json()
    assert [theme["name"] for theme in found["themes"]] == ["Beta"]
    assert codes(service.call("GET", f"{PATH}/search?orderBy=stylesheet")) == {"[invalid]search.orderBy"}
