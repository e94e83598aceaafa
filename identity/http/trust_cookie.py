"""The cookie of a computer that is trusted with no second factor: the API sets it, and the hosted pages do."""

from __future__ import annotations

from flask import Request, Response

from identity.flows.services import Services

TRUST_COOKIE = "fusionauth.trust"


def set_trust_cookie(services: Services, request: Request, response: Response, trust: str, seconds: int) -> None:
    """For as long as the trust lasts."""
    secure = uses_https(services, request)
    response.set_cookie(TRUST_COOKIE, trust, max_age=seconds, path="/", httponly=True, samesite="Lax", secure=secure)


def uses_https(services: Services, request: Request) -> bool:
    """Whether cookies get `Secure`: the public URL is https, or a proxy says that the client came by https."""
    forwarded = request.headers.get("X-Forwarded-Proto", "").split(",")[0].strip().lower()
    return services.settings.secure_cookies or forwarded == "https"
