"""What a theme's variables may make of a page: values of a strict form, and nothing else."""

from __future__ import annotations

import pytest

from identity.domain.theme_style import KINDS, OWN_STYLE, style_of

HOSTILE = [
    "red;}body{display:none",
    "red}</style><script>alert(1)</script>",
    "url(https://evil.example/x)",
    'x"); background: url("https://evil.example',
    "expression(alert(1))",
    "var(--page-background-color)",
    "red/**/",
    "\\72 ed",
    "red\n;color:blue",
    "javascript:alert(1)",
    "https://evil.example/a.png');}*{x:y",
    "https://user@evil.example/a.png",
    "//evil.example/a.png",
    "https://evil.example\\@good.example/a",
    "data:text/html;base64,AAAA",
    "data:image/svg+xml,<svg onload=alert(1)>",
    "1px;position:fixed",
    "calc(1px + 1px)",
    "A" * 5000 + "(",
    "a, " * 20 + "b",
    "-1px",
    " ",
    "",
]


@pytest.mark.parametrize("name", [*KINDS, "logoImageURL"])
@pytest.mark.parametrize("value", HOSTILE)
def test_a_value_of_another_form_is_left_out_whole(name: str, value: str) -> None:
    assert style_of({name: value}) == OWN_STYLE


@pytest.mark.parametrize("value", [None, 7, True, ["red"], {"a": "red"}])
def test_a_value_that_is_no_text_is_left_out(value: object) -> None:
    assert style_of({"fontColor": value, "logoImageURL": value}) == OWN_STYLE


@pytest.mark.parametrize(
    ("name", "value", "declared"),
    [
        ("primaryButtonTextColor", "#FFF", "--primary-button-text-color:#fff"),
        ("fontColor", "#12345678", "--font-color:#12345678"),
        ("fontColor", " RebeccaPurple ", "--font-color:rebeccapurple"),
        ("fontColor", "rgb(0, 10, 255)", "--font-color:rgb(0, 10, 255)"),
        ("fontColor", "rgba(0,10,255,.5)", "--font-color:rgba(0,10,255,.5)"),
        ("fontColor", "hsl(120deg 50% 50% / 0.5)", "--font-color:hsl(120deg 50% 50% / 0.5)"),
        ("borderRadius", "0", "--border-radius:0"),
        ("logoImageSize", "12.5rem", "--logo-image-size:12.5rem"),
        ("backgroundSize", "cover", "--background-size:cover"),
        ("backgroundSize", "auto  50%", "--background-size:auto 50%"),
        ("fontFamily", 'Inter, "Open Sans",sans-serif', '--font-family:Inter, "Open Sans", sans-serif'),
        (
            "backgroundImageURL",
            "https://cdn.example.com:8443/a/b.png?v=1",
            '--background-image-url:url("https://cdn.example.com:8443/a/b.png?v=1")',
        ),
    ],
)
def test_a_value_of_its_form_becomes_a_custom_property(name: str, value: str, declared: str) -> None:
    assert style_of({name: value}).css == ":root{" + declared + "}"


def test_images_name_where_they_come_from_once() -> None:
    both = {"logoImageURL": "https://cdn.example.com/a.png", "backgroundImageURL": "https://cdn.example.com/b.png"}
    style = style_of(both)
    assert (style.logo, style.images) == ("https://cdn.example.com/a.png", ("https://cdn.example.com",))
    inline = "data:image/png;base64,iVBORw0KGgo="
    assert style_of({"logoImageURL": inline}).images == ("data:",)


@pytest.mark.parametrize(
    ("variables", "scheme"),
    [
        ({"primaryButtonColor": "#123", "borderRadius": "2px"}, None),
        ({"pageBackgroundColor": "#000"}, "light"),
        ({"panelBackgroundColor": "navy"}, "light"),
        ({"panelBackgroundColor": "#222222"}, "dark"),
        ({"panelBackgroundColor": "#fffdf5"}, "light"),
    ],
)
def test_a_theme_of_grounds_is_light_or_dark_as_its_panel_is(variables: dict[str, str], scheme: str | None) -> None:
    assert style_of(variables).scheme == scheme


@pytest.mark.parametrize(
    ("ground", "text"),
    [("#000", "#fff"), ("#ffffff", "#000"), ("#1f5fd0", "#fff"), ("#ffd400", "#000"), ("#777f", "#000")],
)
def test_a_button_whose_ground_alone_is_changed_stays_readable(ground: str, text: str) -> None:
    css = style_of({"primaryButtonColor": ground}).css
    assert css == ":root{--primary-button-color:" + ground + ";--primary-button-text-color:" + text + "}"


def test_a_text_that_the_theme_names_is_kept() -> None:
    css = style_of({"deleteButtonColor": "#000", "deleteButtonTextColor": "red"}).css
    assert css == ":root{--delete-button-color:#000;--delete-button-text-color:red}"
    assert style_of({"primaryButtonColor": "navy"}).css == ":root{--primary-button-color:navy}"
