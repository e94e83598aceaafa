"""GET /avatar/<username>: where `avatarUrl` points to. Anybody may ask (rocket section 11).

A user with a picture on the web is a redirect to it; every other name, known or not, is a picture of its initials.
"""

from __future__ import annotations

from flask import Response

from identity.domain.bounds import LONGEST_USERNAME, storable
from identity.domain.contact import canonical
from identity.domain.rocketchat_avatar import redirect_target, svg
from identity.http.rocketchat.call import ChatCall
from identity.http.rocketchat.routes import door_blueprint, rocket_route
from identity.store import users

blueprint = door_blueprint("avatar")
SVG = "image/svg+xml"
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Referrer-Policy": "no-referrer",
}
PICTURE_CACHED, REDIRECT_CACHED = "public, max-age=3600", "public, max-age=300"


@rocket_route(blueprint, "GET", "/avatar/<path:name>", signed_in=False, limited=False)
def avatar(call: ChatCall, name: str) -> Response:
    """Never limited: one page of a client shows many of them."""
    image_url = redirect_target(_image_url(call, name))
    if image_url is not None:
        return Response(status=302, headers=HEADERS | {"Location": image_url, "Cache-Control": REDIRECT_CACHED})
    picture = Response(svg(name), content_type=SVG, headers=HEADERS | {"Cache-Control": PICTURE_CACHED})
    picture.add_etag()
    picture.make_conditional(call.request)
    return picture


def _image_url(call: ChatCall, name: str) -> str | None:
    if len(name) > LONGEST_USERNAME or not storable(name):
        return None
    with call.services.db.read() as conn:
        user = users.find_by_canonical(conn, call.configuration.tenant.id, username=canonical(name))
    return user.image_url if user is not None and user.active else None
