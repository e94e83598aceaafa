"""The public keys that others verify our tokens with. Source: login contract 10.4.

Secrets have no public half and never appear here; neither do keys that only verify other people's tokens.
"""

from __future__ import annotations

from typing import Any

from flask import Response

from identity.domain.errors import NotFound
from identity.http.fusionauth.respond import json_reply
from identity.http.fusionauth.routes import Call, Routes, Scope
from identity.http.fusionauth.schemas.keys import JsonWebKeySet, PublicKeyResponse
from identity.keymaterial.jwk import jwks
from identity.store import keys

CACHE = "public, max-age=300"
"""How long others may keep the key set: short, so that they notice a rotation (security section 11)."""

routes = Routes("Public keys", "What other programs need to verify the tokens of this service.")


@routes.get("/.well-known/jwks.json", endpoint=None, scope=Scope.GLOBAL, gives=JsonWebKeySet)
def retrieve_json_web_key_set(call: Call) -> Response:
    """The public keys as a JSON Web Key Set; a replaced key stays until its last token has expired."""
    with call.services.db.read() as conn:
        published = keys.list_published(conn, call.now)
    response = json_reply(jwks(published))
    response.headers["Cache-Control"] = CACHE
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


@routes.get(
    "/api/jwt/public-key",
    endpoint=None,
    scope=Scope.GLOBAL,
    gives=PublicKeyResponse,
    query={
        "applicationId": "The key that this application signs its access tokens with, if it has one of its own.",
        "kid": "The key with this id.",
    },
    statuses={404: "There is no such public key."},
)
def retrieve_public_keys(call: Call) -> dict[str, Any]:
    """The public keys in PEM form: all by their kid, or one by application or kid."""
    application_id, kid = call.uuid("applicationId"), call.text("kid")
    with call.services.db.read() as conn:
        published = {key.kid: key.public_pem for key in keys.list_published(conn, call.now)}
        if application_id is None and kid is None:
            return {"publicKeys": published}
        if application_id is not None:
            own = keys.own_key_of(conn, application_id)
            kid = own.kid if own else None
    if kid not in published:
        raise NotFound
    return {"publicKey": published[kid]}
