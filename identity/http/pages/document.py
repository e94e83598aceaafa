"""A page and its headers: only what the page itself names is loaded, run or framed (security section 11).

What every page shows beside its own content - language, theme, reference - is put together here, from what is at hand:
a page about a fault can still be made when nothing else works.
"""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Response, current_app, render_template, request
from flask.globals import request_ctx

from identity.domain.policy_source import source_of
from identity.domain.theme_style import OWN_STYLE, ThemeStyle
from identity.http.pages.assets import asset
from identity.http.pages.catalogue import LANGUAGES, Words, machine_instant, words_for

HEADERS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
}
HSTS = "max-age=31536000"
LOCALE = "locale"
"""The query parameter by which the foot of a page changes its language."""


def page(
    template: str,
    status: int = 200,
    *,
    secure: bool,
    form_to: tuple[str, ...] | None = None,
    locale: str | None = None,
    style: ThemeStyle = OWN_STYLE,
    scripted: bool = False,
    frames: tuple[str, ...] = (),
    **values: object,
) -> Response:
    """The page; `form_to` are URLs elsewhere that its form may end up at. None: it has no form.

    `scripted`: it has a script element, which carries the template's `nonce`. `frames`: what it frames.
    """
    words = words_for(request, request.args.get(LOCALE) or locale)
    nonce = current_app.extensions["identity"].runtime.new_secret() if style.css or scripted else ""
    html = render_template(
        f"pages/{template}",
        _=words.say,
        ngettext=words.say_number,
        instant=words.instant,
        machine_instant=machine_instant,
        locale=words.language,
        languages=_languages(words, values.get("sealed")),
        theme=style,
        nonce=nonce,
        stylesheet=asset("pages.css").path,
        icon=asset("icon.svg").path,
        frames=frames,
        **{"errors": {}, "values": {}, "application_name": "", **values},
    )
    response = guarded(Response(html, status, content_type="text/html; charset=UTF-8"), secure=secure, form_to=form_to)
    response.headers["Content-Security-Policy"] = _policy(form_to, style, nonce, scripted=scripted, frames=frames)
    response.headers["Content-Language"] = words.language
    response.headers["Vary"] = "Accept-Language, Cookie"
    return response


def _languages(words: Words, sealed: object) -> list[dict[str, str | None]]:
    """The same page in every language; the one that it is in has no URL. Empty where it can not be opened again."""
    given = dict(request.args) if request.method == "GET" else {"sign_in": sealed} if sealed else None
    if given is None or not request_ctx.url_adapter or not request_ctx.url_adapter.test(method="GET"):
        return []
    urls = {code: "?" + urlencode({**given, LOCALE: code}) for code in LANGUAGES}
    return [
        {"code": code, "name": name, "url": None if code == words.language else urls[code]}
        for code, name in LANGUAGES.items()
    ]


def guarded(response: Response, *, secure: bool, form_to: tuple[str, ...] | None = None) -> Response:
    """The response with the headers of a page. `secure`: the public URL is https."""
    for name, value in HEADERS.items():
        response.headers[name] = value
    if form_to is not None:
        response.headers["Referrer-Policy"] = "same-origin"  # else the form would come with the origin "null"
    response.headers["Content-Security-Policy"] = _policy(form_to)
    if secure:
        response.headers["Strict-Transport-Security"] = HSTS
    return response


def _policy(
    form_to: tuple[str, ...] | None,
    style: ThemeStyle = OWN_STYLE,
    nonce: str = "",
    *,
    scripted: bool = False,
    frames: tuple[str, ...] = (),
) -> str:
    targets = "'none'" if form_to is None else " ".join(("'self'", *_sources(form_to)))
    styles = ("'self'", f"'nonce-{nonce}'") if style.css else ("'self'",)
    images = ("'self'", *style.images)
    rules = [
        "default-src 'none'",
        f"style-src {' '.join(styles)}",
        f"img-src {' '.join(images)}",
        "base-uri 'none'",
        f"form-action {targets}",
        "frame-ancestors 'none'",
    ]
    if frames:
        rules.append(f"frame-src {' '.join(_sources(frames))}")
    return "; ".join([*rules, f"script-src 'nonce-{nonce}'"] if scripted else rules)


def _sources(urls: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(source for url in urls if (source := source_of(url)) is not None))
