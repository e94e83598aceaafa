"""The pages and the JSON API of the catcher.

Mails come from outside in their words: pages run no script and load nothing, HTML is shown in a sandboxed frame, and a
page of another site can not read along by a name that leads here (the Host header is checked).
"""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, abort, jsonify, make_response, redirect, render_template, request
from markupsafe import Markup, escape
from werkzeug.wrappers import Response as AnyResponse

from identity.emulators.mail.inbox import CaughtMail, CaughtMessage, Inbox

MOST_BODY = 1024 * 1024
STYLE = (Path(__file__).parent / "templates" / "style.css").read_text(encoding="utf-8")
_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
PAGE_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; frame-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
MAIL_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; "
    "img-src data:; frame-ancestors 'self'; base-uri 'self'"
)
LINKS_LEAVE_THE_FRAME = '<base target="_blank">'
LINK = re.compile(r"https?://[^\s<>\"']+")


def create_app(inbox: Inbox, smtp_port: int) -> Flask:
    """One process must serve it: the inbox lives in memory."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = MOST_BODY
    app.before_request(_refuse_strange_hosts)
    app.after_request(_finish)
    _add_pages(app, inbox, smtp_port)
    _add_api(app, inbox)
    return app


def _add_pages(app: Flask, inbox: Inbox, smtp_port: int) -> None:
    @app.get("/")
    def overview() -> Response:
        """Everything at a glance."""
        return _page(
            "overview.html", mails=inbox.mails(), messages=inbox.messages(), smtp_port=smtp_port, moment=_moment
        )

    @app.get("/mails/<int:mail_id>")
    def one_mail(mail_id: int) -> Response:
        """One mail with its headers, its text and its HTML."""
        return _page("mail.html", mail=_existing(inbox, mail_id), linked=_linked, moment=_moment)

    @app.get("/mails/<int:mail_id>/html")
    def html_of_mail(mail_id: int) -> Response:
        """What the frame shows: no script, nothing loaded, links in a window of their own."""
        response = make_response(LINKS_LEAVE_THE_FRAME + _existing(inbox, mail_id).html)
        response.headers["Content-Security-Policy"] = MAIL_POLICY
        return response

    @app.get("/mails/<int:mail_id>/raw")
    def raw_mail(mail_id: int) -> Response:
        """The mail as it came."""
        return Response(_existing(inbox, mail_id).raw, content_type="text/plain; charset=utf-8")

    @app.post("/clear")
    def clear() -> AnyResponse:
        """Forget everything."""
        inbox.clear_mails()
        inbox.clear_messages()
        return redirect("/", 303)


def _add_api(app: Flask, inbox: Inbox) -> None:
    @app.get("/api/mails")
    def mails() -> Response:
        """All mails, newest first; `?to=` those to one address."""
        return jsonify(mails=[_mail_json(mail) for mail in inbox.mails(request.args.get("to"))])

    @app.get("/api/mails/<int:mail_id>")
    def mail(mail_id: int) -> Response:
        return jsonify(mail=_mail_json(_existing(inbox, mail_id)))

    @app.delete("/api/mails")
    def clear_mails() -> Response:
        inbox.clear_mails()
        return Response(status=204)

    @app.get("/api/messages")
    def messages() -> Response:
        """All messages to phones, newest first; `?to=` those to one number."""
        return jsonify(messages=[_message_json(message) for message in inbox.messages(request.args.get("to"))])

    @app.post("/api/messages")
    def take_message() -> Response:
        """The gateway: what the service posts for a tenant without a messenger."""
        body = request.get_json()
        if not isinstance(body, dict):
            abort(400)
        return jsonify(message=_message_json(inbox.take_message(body)))

    @app.delete("/api/messages")
    def clear_messages() -> Response:
        inbox.clear_messages()
        return Response(status=204)


def _mail_json(mail: CaughtMail) -> dict[str, Any]:
    return {
        "id": mail.id,
        "at": mail.at,
        "from": mail.sender,
        "to": mail.recipients,
        "subject": mail.subject,
        "headers": dict(mail.headers),
        "text": mail.text,
        "html": mail.html,
    }


def _message_json(message: CaughtMessage) -> dict[str, Any]:
    return {**message.body, "id": message.id, "at": message.at}


def _existing(inbox: Inbox, mail_id: int) -> CaughtMail:
    found = inbox.mail(mail_id)
    if found is None:
        abort(404)
    return found


def _page(template: str, **values: object) -> Response:
    response = make_response(render_template(template, style=STYLE, **values))
    response.headers["Content-Security-Policy"] = PAGE_POLICY
    return response


def _linked(text: str) -> Markup:
    """The text with its links clickable."""
    pieces, at = [], 0
    for link in LINK.finditer(text):
        url = link.group().rstrip(".,;:)")
        anchor = Markup('<a href="{0}" target="_blank" rel="noreferrer">{0}</a>').format(url)
        pieces += [escape(text[at : link.start()]), anchor]
        at = link.start() + len(url)
    return Markup().join([*pieces, escape(text[at:])])


def _moment(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _refuse_strange_hosts() -> None:
    """A name of somebody else's that leads to this machine would let their page read the mails."""
    origin = request.headers.get("Origin")
    foreign = origin is not None and urlsplit(origin).netloc != request.host
    if foreign or not _is_plain(urlsplit(f"//{request.host}").hostname or ""):
        abort(403)


def _is_plain(name: str) -> bool:
    """An address, or the name of this machine to itself."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return name == "localhost"
    return True


def _finish(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
