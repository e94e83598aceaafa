"""/api/user/two-factor: a user's second factors and recovery codes. Source: supporting contract section 12.

A key acts for the user of the path, an access token for its owner.
"""

from __future__ import annotations

import base64
from typing import Any
from uuid import UUID

from identity.domain.errors import NotFound, Unauthorized, invalid_field
from identity.domain.totp import SECRET_BYTES, base32
from identity.flows.second_factors.disable_method import disable_method, rename_method
from identity.flows.second_factors.enable_method import NewMethod, enable_method
from identity.flows.second_factors.method_owner import Owner, owner_of
from identity.flows.second_factors.recovery_codes import recovery_codes_left, renew_recovery_codes
from identity.flows.services import Services
from identity.http import body
from identity.http.fusionauth.routes import Call, Routes, Scope
from identity.http.fusionauth.schemas.two_factor import (
    TwoFactorDisableSchema,
    TwoFactorEnableAnswer,
    TwoFactorEnableSchema,
    TwoFactorRecoveryCodesAnswer,
    TwoFactorRecoveryCodesSchema,
    TwoFactorRenameSchema,
    TwoFactorSecretAnswer,
)
from identity.http.key_or_token import Acting, key_or_token

ENDPOINT = "/api/user/two-factor"
RECOVERY_ENDPOINT = "/api/user/two-factor/recovery-code"
SECRET_ENDPOINT = "/api/two-factor/secret"  # noqa: S105 (a path)
WRONG_CODE = {421: "The code is wrong, too old or spent, or there were too many wrong ones."}

routes = Routes("Two-factor methods", "The second factors of a user, and recovery codes.")
ENABLE, RENAME, DISABLE = TwoFactorEnableSchema(), TwoFactorRenameSchema(), TwoFactorDisableSchema()


@routes.get(SECRET_ENDPOINT, endpoint=SECRET_ENDPOINT, scope=Scope.OWN, gives=TwoFactorSecretAnswer)
def generate_secret(call: Call) -> dict[str, Any]:
    """A fresh secret for an authenticator application; it is not kept."""
    key_or_token(call.services, call.request, SECRET_ENDPOINT, call.now)
    secret = call.services.runtime.random_bytes(SECRET_BYTES)
    return {"secret": base64.b64encode(secret).decode(), "secretBase32Encoded": base32(secret)}


@routes.post(
    ENDPOINT,
    f"{ENDPOINT}/<user_id>",
    endpoint=ENDPOINT,
    scope=Scope.OWN,
    takes=TwoFactorEnableSchema,
    gives=TwoFactorEnableAnswer,
    statuses={404: "There is no such user.", **WRONG_CODE},
)
def enable_two_factor(call: Call, user_id: UUID | None = None) -> dict[str, Any]:
    """Set up a method, proved by a code of it. The first one comes with recovery codes."""
    owner = _owner(call, user_id)
    given = call.load(ENABLE)
    enabled = enable_method(
        call.services,
        owner,
        NewMethod(
            method=given["method"],
            code=given["code"],
            secret=given["secret"],
            secret_base32=given["secret_base32_encoded"],
            email=given["email"],
            mobile_phone=given["mobile_phone"],
            name=given["name"],
            application_id=given["application_id"],
            two_factor_id=given["two_factor_id"],
        ),
    )
    answer = {"code": enabled.code, "recoveryCodes": enabled.recovery_codes}
    return {name: value for name, value in answer.items() if value is not None}


@routes.put(
    f"{ENDPOINT}/<user_id>",
    endpoint=ENDPOINT,
    scope=Scope.OWN,
    takes=TwoFactorRenameSchema,
    statuses={404: "There is no such user or method."},
)
def update_two_factor(call: Call, user_id: UUID) -> None:
    """Give a method a name."""
    owner = _owner(call, user_id)
    given = call.load(RENAME)
    rename_method(call.services, owner, given["method_id"], given["name"])


@routes.delete(
    ENDPOINT,
    f"{ENDPOINT}/<user_id>",
    endpoint=ENDPOINT,
    scope=Scope.OWN,
    takes=TwoFactorDisableSchema,
    query={
        "applicationId": "Whose mail template tells the user.",
        "code": "A code of the method, or a recovery code, which removes all methods.",
        "methodId": "The method.",
    },
    statuses={404: "There is no such user or method.", **WRONG_CODE},
)
def disable_two_factor(call: Call, user_id: UUID | None = None) -> None:
    """Remove a method. Parameters may come in a body."""
    owner = _owner(call, user_id)
    given = call.load(DISABLE) if body.has_body(call.request) else {}
    method_id = given.get("method_id") or call.text("methodId")
    code = given.get("code") or call.text("code")
    disable_method(call.services, owner, method_id, code, given.get("application_id") or call.uuid("applicationId"))


@routes.post(
    f"{RECOVERY_ENDPOINT}/<user_id>",
    endpoint=RECOVERY_ENDPOINT,
    takes=TwoFactorRecoveryCodesSchema,
    gives=TwoFactorRecoveryCodesAnswer,
    statuses={404: "There is no such user."},
)
def generate_recovery_codes(call: Call, user_id: UUID) -> dict[str, Any]:
    """Ten fresh recovery codes; the former ones stop working."""
    owner = owner_of(call.services, call.tenant_id, user_id)
    return {"recoveryCodes": renew_recovery_codes(call.services, owner)}


@routes.get(f"{RECOVERY_ENDPOINT}/<user_id>", endpoint=RECOVERY_ENDPOINT, gives=TwoFactorRecoveryCodesAnswer)
def retrieve_recovery_codes(call: Call, user_id: UUID) -> dict[str, Any]:
    """The recovery codes that are left."""
    owner = owner_of(call.services, call.tenant_id, user_id)
    return {"recoveryCodes": recovery_codes_left(call.services, owner)}


def owner_for(services: Services, acting: Acting, user_id: UUID | None) -> Owner:
    """Whose second factors the caller may change. Raises Invalid, NotFound, Unauthorized."""
    if acting.owner_id is None:
        if user_id is None:
            raise invalid_field("userId", "missing")
        return owner_of(services, acting.tenant_id, user_id)
    if user_id not in (None, acting.owner_id):
        raise NotFound
    try:
        owner = owner_of(services, acting.tenant_id, acting.owner_id)
    except NotFound:
        raise Unauthorized from None
    if not owner.user.active:
        raise Unauthorized
    return owner


def _owner(call: Call, user_id: UUID | None) -> Owner:
    return owner_for(call.services, key_or_token(call.services, call.request, ENDPOINT, call.now), user_id)
