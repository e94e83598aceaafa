"""What a client may send as a form as well as by an address: the browser is asked to come back with the address.

From another site a form comes without our cookies, and the redirect brings them; so a form does just what a link does.
"""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlencode

from flask import Response, current_app, request
from werkzeug.exceptions import RequestEntityTooLarge

from identity.http import body
from identity.http.pages.document import guarded

MOST_CHARACTERS = 6_000
"""Of the parameters together: they have to fit into a request line."""


def by_address(path: str, names: Collection[str]) -> Response:
    """The parameters of these names, as often as they came. Raises Invalid, RequestEntityTooLarge."""
    body.require_type(request, (body.FORM,))
    body.read_form(request)
    query = urlencode([(name, value) for name, value in request.form.items(multi=True) if name in names])
    if len(query) > MOST_CHARACTERS:
        raise RequestEntityTooLarge
    secure = current_app.extensions["identity"].settings.secure_cookies
    return guarded(Response(headers={"Location": f"{path}?{query}"}, status=303), secure=secure)
