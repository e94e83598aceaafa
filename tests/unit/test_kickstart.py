"""Kickstart files: variables, inclusions, escapes. Source: supporting contract 19."""

from __future__ import annotations

import json
import re
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.domain.kickstart import BadKickstart, Plan, Sources, plan

KEYS = [{"key": "first-key"}]
ENVIRONMENT = {"SECRET": "a long secret value", "SHORT": "x"}
BUILTINS = {"FUSIONAUTH_TENANT_ID": "built-in tenant", "FUSIONAUTH_LAMBDA[TwitterReconcile]_ID": "twitter lambda"}


def planned(document: dict[str, Any], files: dict[str, str] | None = None) -> Plan:
    numbers = iter(range(1, 100))

    def read(name: str) -> str:
        if name not in (files or {}):
            raise BadKickstart(f"no file {name}")
        return (files or {})[name]

    sources = Sources(read, ENVIRONMENT, BUILTINS, lambda: UUID(int=next(numbers)))
    return plan(json.dumps({"apiKeys": KEYS, **document}), sources)


def body_of(body: Any, files: dict[str, str] | None = None, **variables: Any) -> Any:
    """The body of a request after expansion."""
    request = {"method": "POST", "url": "/api/x", "body": body}
    return planned({"variables": variables, "requests": [request]}, files).requests[0].body


@pytest.mark.parametrize(
    ("written", "expanded"),
    [
        ("#{name}", "value"),
        ("a#{name}b#{name}", "avaluebvalue"),
        ({"#{name}": ["#{name}", 1, None, True]}, {"value": ["value", 1, None, True]}),
        ("#{ENV.SECRET}", "a long secret value"),
        ("#{FUSIONAUTH_TENANT_ID}", "built-in tenant"),
        ("#{FUSIONAUTH_LAMBDA[TwitterReconcile]_ID}", "twitter lambda"),
        (r"\#{name} \@{name} \&{name}", "#{name} @{name} &{name}"),
        (r"\\#{name}", r"\#{name}"),
        (r"\\n # {name} #{", r"\\n # {name} #{"),
        ("$5 {x} #x @y &z", "$5 {x} #x @y &z"),
    ],
)
def test_marks_are_replaced_wherever_they_stand(written: Any, expanded: Any) -> None:
    assert body_of(written, name="value") == expanded


def test_a_new_id_is_made_at_each_place_but_once_for_a_variable() -> None:
    assert body_of(["#{UUID()}", "#{UUID()}", "#{fixed}", "#{fixed}"], fixed="#{UUID()}") == [
        str(UUID(int=2)),
        str(UUID(int=3)),
        str(UUID(int=1)),
        str(UUID(int=1)),
    ]


def test_a_text_file_keeps_its_lines_and_quotes() -> None:
    files = {"l/f.js": 'function f() {\n  return "@{x} #{name} \\#{y} \\n";\n}\n'}
    assert body_of("@{l/f.js}", files, name="v") == 'function f() {\n  return "@{x} v #{y} \\n";\n}\n'


def test_a_json_file_is_a_body_or_a_whole_request_and_may_include_more() -> None:
    files = {
        "request.json": '{"method": "put", "url": "/api/#{name}", "body": "&{body.json}"}',
        "body.json": '{"text": "@{t.txt}", "id": "#{name}", "n": 1}',
        "t.txt": "line 1\nline 2",
    }
    request = planned({"variables": {"name": "v"}, "requests": ["&{request.json}"]}, files).requests[0]
    assert (request.method, request.path) == ("PUT", "/api/v")
    assert request.body == {"text": "line 1\nline 2", "id": "v", "n": 1}


def test_a_request_has_a_slash_a_tenant_and_a_content_type() -> None:
    document = {"method": "PATCH", "url": "api/x", "tenantId": "#{t}", "contentType": "application/merge-patch+json"}
    request = planned({"variables": {"t": "T"}, "requests": [document]}).requests[0]
    assert (request.path, request.tenant_id, request.content_type) == ("/api/x", "T", "application/merge-patch+json")
    plain = planned({"requests": [{"method": "POST", "url": "/api/x"}]}).requests[0]
    assert (plain.tenant_id, plain.content_type, plain.body) == (None, "application/json", None)


def test_the_default_tenants_id_may_be_chosen() -> None:
    chosen = str(UUID(int=7))
    request = {"method": "POST", "url": "/api/tenant/#{FUSIONAUTH_TENANT_ID}"}
    found = planned({"variables": {"defaultTenantId": chosen}, "requests": [request]})
    assert found.default_tenant_id == UUID(int=7)
    assert found.requests[0].path == f"/api/tenant/{chosen}"


def test_keys_are_expanded_and_are_secrets() -> None:
    found = planned({"variables": {"k": "#{ENV.SECRET}", "s": "#{ENV.SHORT}"}, "apiKeys": [{"key": "#{k}#{s}"}]})
    assert found.keys == ({"key": "a long secret valuex"},)
    assert found.secrets == {"a long secret valuex", "a long secret value"}
    assert "secret" not in repr(found).replace("secrets", "")


def test_licences_are_ignored_and_timeouts_are_milliseconds() -> None:
    assert (planned({}).connect_timeout, planned({}).read_timeout) == (5.0, 5.0)
    found = planned(
        {"license": "l", "licenseId": "#{nothing}", "settings": {"connectTimeout": 7000, "readTimeout": "1"}}
    )
    assert (found.connect_timeout, found.read_timeout) == (7.0, 0.001)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"apiKeys": []}, "no apiKeys"),
        ({"apiKeys": None}, "no apiKeys"),
        ({"apiKeys": [{}]}, r"apiKeys\[0\]"),
        ({"apiKeys": [{"key": ""}]}, r"apiKeys\[0\]"),
        ({"apiKeys": {}}, "apiKeys must be a list"),
        ({"variables": {"a": "#{b}", "b": "1"}}, r"variables\.a: there is no variable 'b'"),
        ({"variables": {"a": {}}}, r"variables\.a must be a text"),
        ({"variables": {"defaultTenantId": "x"}}, "must be a UUID"),
        ({"requests": [{"method": "DELETE", "url": "/api/x"}]}, r"requests\[0\]\.method"),
        ({"requests": [{"method": "POST"}]}, r"requests\[0\]\.url"),
        ({"requests": [{"method": "POST", "url": 1}]}, r"requests\[0\]\.url must be a text"),
        ({"requests": ["x"]}, r"requests\[0\] must be an object"),
        ({"requests": [{"method": "POST", "url": "/#{nothing}"}]}, r"requests\[0\]\.url: .*'nothing'"),
        ({"requests": [{"method": "POST", "url": "/#{ENV.NOTHING}"}]}, "'NOTHING' is not set"),
        ({"requests": [{"method": "POST", "url": "/x", "body": "@{gone.txt}"}]}, r"gone\.txt"),
        ({"requests": [{"method": "POST", "url": "/x", "body": "a &{body.json}"}]}, "must stand alone"),
        ({"settings": {"readTimeout": -1}}, r"settings\.readTimeout"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(document: dict[str, Any], message: str) -> None:
    with pytest.raises(BadKickstart, match=message):
        planned(document)


@pytest.mark.parametrize("text", ["", "{", "[]", "// x\n{}", "[" * 100_000])
def test_a_file_that_is_no_json_object_is_refused(text: str) -> None:
    with pytest.raises(BadKickstart):
        plan(text, Sources(str, {}, {}, lambda: UUID(int=0)))


def test_a_file_that_includes_itself_is_refused() -> None:
    with pytest.raises(BadKickstart, match="too deep"):
        body_of("&{a.json}", {"a.json": '{"again": "&{a.json}"}'})


def escaped(text: str) -> str:
    return re.sub(r"([#@&]\{)", r"\\\1", text)


TEXTS = st.text(alphabet=st.sampled_from('\\#@&{}ab"\n') | st.characters(codec="utf-8"))


@given(TEXTS)
def test_an_escaped_text_comes_out_as_it_was(text: str) -> None:
    assert body_of(escaped(text)) == text


@given(TEXTS, TEXTS)
def test_a_value_is_put_in_as_it_is_and_not_expanded_again(before: str, value: str) -> None:
    # The blank keeps a backslash at the end of `before` from escaping the mark.
    assert body_of(escaped(before) + " #{v}", v=escaped(value)) == f"{before} {value}"


def test_a_renamed_tenant_manager_application_is_what_the_built_in_name_means() -> None:
    wanted = "0000aaaa-0000-4000-8000-000000000001"
    request = {"method": "POST", "url": "/api/x/#{FUSIONAUTH_TENANT_MANAGER_APPLICATION_ID}"}
    found = planned({"variables": {"tenantManagerApplicationId": wanted}, "requests": [request]})
    assert str(found.tenant_manager_application_id) == wanted
    assert found.requests[0].path.endswith(wanted)
