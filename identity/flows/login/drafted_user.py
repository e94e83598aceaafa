"""A user that a login makes: no password, and proved by the provider or directory that vouched for them."""

from __future__ import annotations

from uuid import UUID

from identity.domain.model import User


def drafted_user(tenant_id: UUID, user_id: UUID, connector_id: UUID, now: int) -> User:
    """Without a login id, which the caller has to give (decision 3 for `verified`)."""
    return User(
        tenant_id=tenant_id,
        id=user_id,
        email=None,
        username=None,
        active=True,
        verified=True,
        verified_instant=now,
        verified_reason="Trusted",
        expiry=None,
        birth_date=None,
        first_name=None,
        full_name=None,
        image_url=None,
        last_name=None,
        middle_name=None,
        mobile_phone=None,
        parent_email=None,
        timezone=None,
        preferred_languages=[],
        clean_speak_id=None,
        connector_id=connector_id,
        password_change_required=False,
        data={},
        last_login_instant=None,
        insert_instant=now,
        last_update_instant=now,
    )
