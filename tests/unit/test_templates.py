"""The language of templates: what is understood, what is refused and where, and that nothing a value holds gets out."""

from __future__ import annotations

import time
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as some

from identity.domain import templates
from identity.domain.built_in_templates import EMAIL_TEMPLATES, MESSAGE_TEMPLATES
from identity.domain.errors import Invalid
from identity.domain.mail import (
    EmailTemplate,
    MessageTemplate,
    Purpose,
    header_text,
    is_sendable,
    write_mail,
    write_message,
)
from identity.domain.template_rules import refuse_bad_templates
from identity.domain.templates import BadTemplate, localized, parse, problem_of, render

PERSON = {"user": {"firstName": "Ada", "data": {"plan": "gold"}, "active": True, "verified": False, "nick": ""}, "n": 7}


def test_a_value_stands_where_it_is_named() -> None:
    assert render("Hi ${user.firstName}, plan ${ user.data.plan }!", PERSON) == "Hi Ada, plan gold!"


@pytest.mark.parametrize("name", ["nobody", "user.lastName", "user.firstName.length", "user", "user.data", "n.m"])
def test_what_is_not_there_or_is_no_value_is_empty(name: str) -> None:
    assert render(f"<${{{name}}}>", PERSON) == "<>"


def test_members_of_mappings_are_read_and_never_attributes_of_objects() -> None:
    assert render("${n.real}${user.__class__.__name__}${user.keys}", PERSON) == ""


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (False, "false"),
        (1234567, "1234567"),
        (1.5, "1.5"),
        (UUID(int=5), "00000000-0000-0000-0000-000000000005"),
        (None, ""),
        ([1], ""),
    ],
)
def test_values_have_a_plain_form(value: object, text: str) -> None:
    assert render("${it}", {"it": value}) == text


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("user.firstName", True),
        ("user.active", True),
        ("user.verified", False),
        ("user.nick", False),
        ("user.nick??", True),
        ("user.verified??", True),
        ("user.lastName", False),
        ("user.lastName??", False),
        ("!user.lastName??", True),
        ("! user.active", False),
        ("user.data", True),
    ],
)
def test_a_condition_chooses(condition: str, holds: bool) -> None:
    assert render(f"[#if {condition}]yes[#else]no[/#if]", PERSON) == ("yes" if holds else "no")
    assert render(f"a[#if {condition}]b[/#if]c", PERSON) == ("abc" if holds else "ac")


def test_conditions_nest() -> None:
    source = "[#if a]1[#if b]2[#else]3[/#if]4[#else]5[#if b]6[#else]7[/#if]8[/#if]9"
    written = [render(source, {"a": a, "b": b}) for a in (True, False) for b in (True, False)]
    assert written == ["1249", "1349", "5689", "5789"]


def test_html_is_escaped_in_html_only() -> None:
    variables = {"it": """<b>"Tom" & 'Jerry'</b>"""}
    assert render("<i>${it}</i>", variables) == """<i><b>"Tom" & 'Jerry'</b></i>"""
    escaped = "&lt;b&gt;&quot;Tom&quot; &amp; &#x27;Jerry&#x27;&lt;/b&gt;"
    assert render("<i>${it}</i>", variables, html=True) == f"<i>{escaped}</i>"


def test_a_value_is_never_a_template_itself() -> None:
    assert render("${it}", {"it": "${user.firstName}[#if x]", **PERSON}) == "${user.firstName}[#if x]"


@pytest.mark.parametrize(
    "source",
    [
        "[#list users as user]x[/#list]",
        "[#assign x = 1]",
        "[#include 'x']",
        "[#macro x]",
        '[#setting url_escaping_charset="UTF-8"]',
        "[#if a == b]x[/#if]",
        "[#if a && b]x[/#if]",
        "[#if ]x[/#if]",
        "[#if a]x[#elseif b]y[/#if]",
        "[#-- a comment --]",
        "[#else]",
        "[/#if]",
        "[#if a]x",
        "[#if a]x[#else]y[#else]z[/#if]",
        "[#if a",
        "[/#list]",
        "[@mail/]",
        "[/@mail]",
        "<#if a>x</#if>",
        "<@mail/>",
        "</@mail>",
        "#{n}",
        "${",
        "${}",
        "${user.firstName!}",
        "${user.firstName?html}",
        "${user['firstName']}",
        "${1 + 1}",
        "${a..b}",
        "${" + ".".join("abcdefghijk") + "}",
        '${"freemarker.template.utility.Execute"?new()("id")}',
    ],
)
def test_everything_else_of_freemarker_is_refused_with_its_line(source: str) -> None:
    problem = problem_of(f"first line\n{source}")
    assert problem is not None
    assert problem.startswith("Line 2: ")
    with pytest.raises(BadTemplate):
        render(source, {})


@pytest.mark.parametrize("source", ["", "$5 and {x} # [1] [x] <p> a#b [ #if ]", "[==== Title ====]", "100 % ${n}"])
def test_ordinary_text_is_no_template(source: str) -> None:
    assert problem_of(source) is None


def test_conditions_are_bounded_in_depth_and_tags_in_number() -> None:
    deep = templates.DEEPEST
    assert problem_of("[#if a]" * deep + "[/#if]" * deep) is None
    assert "deep" in (problem_of("[#if a]" * (deep + 1) + "[/#if]" * (deep + 1)) or "")
    assert problem_of("${a}" * templates.MOST_TAGS) is None
    assert "more than" in (problem_of("${a}" * (templates.MOST_TAGS + 1)) or "")


def test_a_text_ends_where_it_becomes_too_long() -> None:
    assert len(render("${it}", {"it": "x" * 50_000})) == templates.LONGEST_VALUE
    whole = render("${it}" * templates.MOST_TAGS, {"it": "x" * templates.LONGEST_VALUE})
    assert len(whole) == templates.LONGEST_OUTPUT


@pytest.mark.parametrize("piece", ["${", "[#if a", "[#if !", "[#if " + " " * 50, "${a.", "[/#if", "[#if a]", "<#"])
def test_hostile_templates_are_read_in_no_time(piece: str) -> None:
    source = piece * (templates.LONGEST_SOURCE // len(piece))
    began = time.monotonic()
    problem_of(source)
    assert time.monotonic() - began < 1.0


@given(some.text(alphabet="ab${}[]#/@<>if else.!? \n", max_size=80))
def test_any_text_is_either_refused_with_a_reason_or_rendered(source: str) -> None:
    if problem_of(source) is None:
        assert parse(source) is not None
        render(source, {"a": {"b": "x"}, "b": True}, html=True)


@pytest.mark.parametrize(
    ("languages", "chosen"),
    [
        ([], "default"),
        (["fr"], "default"),
        (["de"], "Deutsch"),
        (["de_AT"], "Deutsch"),
        (["pt-BR"], "brasileiro"),
        (["PT_br"], "brasileiro"),
        (["pt"], "default"),
        (["fr", "de"], "Deutsch"),
        (["pt_BR", "de"], "brasileiro"),
    ],
)
def test_the_first_language_that_there_is_a_text_in_is_taken(languages: list[str], chosen: str) -> None:
    assert localized("default", {"de": "Deutsch", "pt_BR": "brasileiro"}, languages) == chosen


def test_a_mail_is_written_in_the_persons_language_part_by_part() -> None:
    template = EmailTemplate(
        name="x",
        default_subject="Hi ${user.firstName}",
        default_text_template="text <${user.firstName}>",
        default_html_template="<b>${user.firstName}</b>",
        default_from_name="Us",
        from_email="us@example.com",
        localized_subjects={"de": "Hallo ${user.firstName}"},
        localized_from_names={"de": "Wir"},
    )
    written = write_mail(template, {"user": {"firstName": "<Ada>\r\nBcc: all@example.com"}}, ["de"])
    assert (written.subject, written.from_name, written.from_email) == (
        "Hallo <Ada> Bcc: all@example.com",
        "Wir",
        "us@example.com",
    )
    assert written.text.startswith("text <<Ada>")
    assert written.html.startswith("<b>&lt;Ada&gt;")


def test_a_mail_without_a_name_of_its_sender_has_none() -> None:
    assert write_mail(EmailTemplate("x", "s", "t", "h"), {}, []).from_name is None


def test_a_message_is_written_in_the_persons_language() -> None:
    template = MessageTemplate("x", "Code ${code}", {"de": "Kode ${code}"})
    assert write_message(template, {"code": "1"}, []) == "Code 1"
    assert write_message(template, {"code": "1"}, ["de"]) == "Kode 1"


def test_a_header_is_one_short_printable_line() -> None:
    assert header_text("a\r\nBcc: x\x00\u2028y\tz ") == "a Bcc: x y z"
    assert len(header_text("x" * 1_000)) == 250


@pytest.mark.parametrize("address", ["a@b", "o'hara+x@example.com", "jürgen@bücher.example"])
def test_plain_addresses_can_be_sent_to(address: str) -> None:
    assert is_sendable(address)


@pytest.mark.parametrize(
    "address", ["", "a", "a@", "x<b@c", "a@b>", "=?utf-8?q?a?=@b", '"a"@b', "a@b@c", "a b@c", "a@b\n", "a,b@c", "a;@b"]
)
def test_addresses_that_a_header_reads_otherwise_can_not(address: str) -> None:
    assert not is_sendable(address)


@pytest.mark.parametrize("purpose", list(EMAIL_TEMPLATES), ids=lambda purpose: purpose.name)
def test_each_built_in_template_is_understood_and_says_what_it_is_for(purpose: Purpose) -> None:
    secret = "canary-of-the-variable"
    names = ("verificationId", "changePasswordId", "code")
    variables: dict[str, object] = dict.fromkeys(names, secret)
    variables |= {"user": {"name": "A & B", "tenantId": "t", "email": "a@b"}, "tenant": {"baseURL": "https://x"}}
    written = write_mail(EMAIL_TEMPLATES[purpose], variables, ["de"])
    assert written.subject
    assert written.text.startswith("Hello A & B,")
    assert written.html.startswith("<p>Hello A &amp; B,</p>")
    assert written.html.count("<p>") == written.html.count("</p>")
    grants = purpose in {
        Purpose.EMAIL_VERIFICATION,
        Purpose.REGISTRATION_VERIFICATION,
        Purpose.FORGOT_PASSWORD,
        Purpose.SETUP_PASSWORD,
        Purpose.TWO_FACTOR_CODE,
    }
    assert (secret in written.text, secret in written.html) == (grants, grants)


@pytest.mark.parametrize("purpose", [Purpose.EMAIL_VERIFICATION, Purpose.REGISTRATION_VERIFICATION])
def test_a_verification_by_code_shows_the_code_and_no_link(purpose: Purpose) -> None:
    variables = {"verificationOneTimeCode": "AB12CD", "verificationId": "id", "tenant": {"baseURL": "https://x"}}
    written = write_mail(EMAIL_TEMPLATES[purpose], variables, [])
    assert "AB12CD" in written.text
    assert "https://x" not in written.text
    assert written.html.count("<p>") == written.html.count("</p>")


def test_the_built_in_message_says_the_code() -> None:
    assert write_message(MESSAGE_TEMPLATES[Purpose.TWO_FACTOR_CODE], {"code": "123456"}, []) == "Your code is 123456"


def test_each_bad_text_of_a_template_is_named_by_its_member() -> None:
    refuse_bad_templates({"it.default": "${fine}"})
    with pytest.raises(Invalid) as refused:
        refuse_bad_templates({"it.default": "${fine}", "it.localized[de]": "a\n[#list]", "it.other": "${"})
    found = {path: [problem.code for problem in problems] for path, problems in refused.value.field_errors.items()}
    assert found == {"it.localized[de]": ["[invalid]it.localized[de]"], "it.other": ["[invalid]it.other"]}
    assert refused.value.field_errors["it.localized[de]"][0].message.startswith("Line 2: [#list] is not understood")
