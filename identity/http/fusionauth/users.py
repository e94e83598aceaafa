"""Users: create, retrieve, replace, patch, deactivate, delete. Source: supporting contract 3.1 to 3.4."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from identity.domain.contact import canonical
from identity.domain.errors import NotFound, invalid_field
from identity.domain.model import Registration, User
from identity.flows.users import new_user, save_user, user_status
from identity.flows.users.save_user import UserChange
from identity.http import body
from identity.http.fusionauth.routes import ABSENT, Call, Routes, Scope
from identity.http.fusionauth.schemas.user_search import RecentLoginAnswerSchema
from identity.http.fusionauth.schemas.users import (
    UserAnswerSchema,
    UserDeleteSchema,
    UserRequestSchema,
    email_verification_wire,
    user_change,
    user_wire,
)
from identity.http.key_or_token import key_or_token
from identity.http.patch import patched
from identity.store import applications, external_identifiers, recent_logins, registrations, users
from identity.store.db import Connection
from identity.store.external_identifiers import SETS_PASSWORD, VERIFIES, Kind
from identity.wire import WireSchema

ENDPOINT = "/api/user"
LOGIN_ID_TYPES = frozenset({"email", "username", "phoneNumber"})
MAILED_IDS = {"changePasswordId": SETS_PASSWORD, "verificationId": VERIFIES}
MOST_LOGINS = 10_000

USER_REQUEST: WireSchema = UserRequestSchema()
USER_DELETE: WireSchema = UserDeleteSchema()
RECENT_LOGINS: WireSchema = RecentLoginAnswerSchema()

routes = Routes("Users", "The people of a tenant.", announces=True)


@routes.post("/api/user", "/api/user/<user_id>", endpoint=ENDPOINT, takes=UserRequestSchema, gives=UserAnswerSchema)
def create_user(call: Call, user_id: UUID | None = None) -> dict[str, Any]:
    """Create a user, under the id of the path if there is one."""
    request = call.load(USER_REQUEST)
    tenant_id = tenant_for(call, request["application_id"], "applicationId")
    user, secret = new_user.create_user(call.services, tenant_id, user_id, user_change(request), call.now)
    return {"user": user_wire(user, []), **email_verification_wire(user, secret)}


@routes.get(
    "/api/user",
    endpoint=ENDPOINT,
    scope=Scope.OWN,
    gives=UserAnswerSchema,
    statuses={404: "There is no such user."},
    query={
        "email": "The e-mail address.",
        "username": "The username.",
        "loginId": "The e-mail address or the username.",
        "loginIdTypes": "What loginId may be: email, username. Repeat it; default: both.",
        "changePasswordId": "An id that lets the user set a password.",
        "verificationId": "An id that verifies the user's e-mail address or registration.",
    },
)
def find_user(call: Call) -> dict[str, Any]:
    """The user with this e-mail, username or login id, or whom an id was mailed to; the owner of an access token."""
    acting = key_or_token(call.services, call.request, ENDPOINT, call.now)
    call.tenant_id = acting.tenant_id
    if acting.owner_id is not None:
        return _user(call, acting.owner_id)
    for name, kinds in MAILED_IDS.items():
        if (secret := call.text(name)) is not None:
            return _user_of_id(call, kinds, secret)
    email, username = _login_ids(call)
    tenant_id = call.tenant()
    with call.services.db.read() as conn:
        user = users.find_by_canonical(conn, tenant_id, email=email, username=username)
        return {"user": _with_registrations(call, conn, user)}


@routes.get("/api/user/<user_id>", endpoint=ENDPOINT, gives=UserAnswerSchema)
def retrieve_user(call: Call, user_id: UUID) -> dict[str, Any]:
    """One user, with registrations."""
    return _user(call, user_id)


@routes.put(
    "/api/user/<user_id>",
    endpoint=ENDPOINT,
    takes=UserRequestSchema,
    gives=UserAnswerSchema,
    query={"reactivate": "true: make a deactivated user active again; no body is read."},
)
def update_user(call: Call, user_id: UUID) -> dict[str, Any]:
    """Replace a user; what is left out returns to its default, the password stays."""
    if call.flag("reactivate"):
        return _answer(user_status.set_active(call.services, call.tenant_id, user_id, True, call.now))
    require_user(call, user_id)
    change = user_change(call.load(USER_REQUEST))
    return _answer(save_user.update_user(call.services, call.tenant_id, user_id, lambda *_: change, call.now))


@routes.patch("/api/user/<user_id>", endpoint=ENDPOINT, takes=UserRequestSchema, gives=UserAnswerSchema)
def patch_user(call: Call, user_id: UUID) -> dict[str, Any]:
    """Change a part of a user, in one of three dialects chosen by the content type."""
    require_user(call, user_id)
    body.read_json(call.request)  # a slow sender must not hold the lock below

    def change_of(user: User, registered: list[Registration]) -> UserChange:
        document = patched(call.request, {"user": user_wire(user, registered)})
        return user_change(USER_REQUEST.load(document))

    return _answer(save_user.update_user(call.services, call.tenant_id, user_id, change_of, call.now))


@routes.delete(
    "/api/user/<user_id>",
    endpoint=ENDPOINT,
    takes=UserDeleteSchema,
    query={"hardDelete": "true: remove the user for good instead of deactivating."},
)
def delete_user(call: Call, user_id: UUID) -> None:
    """Deactivate a user and end every session; with hardDelete remove the user and all that belongs to them."""
    require_user(call, user_id)
    if call.flag("hardDelete") or call.load(USER_DELETE)["hard_delete"]:
        user_status.delete_user(call.services, call.tenant_id, user_id, call.actor, call.now)
    else:
        user_status.set_active(call.services, call.tenant_id, user_id, False, call.now)


@routes.get(
    "/api/user/recent-login",
    endpoint="/api/user/recent-login",
    gives=RecentLoginAnswerSchema,
    statuses={404: "There is no such user."},
    query={"userId": "Only this user's.", "limit": "How many, default 10.", "offset": "How many to skip, default 0."},
)
def retrieve_recent_logins(call: Call) -> Any:
    """Login records, newest first."""
    user_id = call.uuid("userId")
    page = {"limit": _page(call, "limit", 10), "offset": _page(call, "offset", 0)}
    with call.services.db.read() as conn:
        if user_id is None:
            found = recent_logins.of_everybody(conn, call.tenant_id, **page)
        elif (user := users.get(conn, call.tenant_id, user_id)) is not None:
            found = recent_logins.of_user(conn, user, **page)
        else:
            raise NotFound
    return RECENT_LOGINS.dump({"logins": found})


def require_user(call: Call, user_id: UUID) -> None:
    """Existence comes before the body is read (login contract 1.4). Raises NotFound."""
    with call.services.db.read() as conn:
        if users.get(conn, call.tenant_id, user_id) is None:
            raise NotFound


def tenant_for(call: Call, application_id: UUID | None, path: str) -> UUID:
    """The tenant for a new user: the request's own, else its application's, else the only one. Raises Invalid."""
    if application_id is None:
        return call.tenant()
    with call.services.db.read() as conn:
        application = applications.get(conn, application_id, call.tenant_id)
    if application is None:
        raise invalid_field(path, "invalid")
    return application.tenant_id


def _user(call: Call, user_id: UUID) -> dict[str, Any]:
    """Raises NotFound."""
    with call.services.db.read() as conn:
        return {"user": _with_registrations(call, conn, users.get(conn, call.tenant_id, user_id))}


def _answer(registered: save_user.Registered) -> dict[str, Any]:
    return {"user": user_wire(*registered)}


def _with_registrations(call: Call, conn: Connection, user: User | None) -> dict[str, Any]:
    if user is None:
        raise NotFound
    return user_wire(user, registrations.of_user(conn, call.services.sealer, user.tenant_id, user.id))


def _user_of_id(call: Call, kinds: tuple[Kind, ...], secret: str) -> dict[str, Any]:
    with call.services.db.read() as conn:
        found = external_identifiers.find_of(conn, kinds, secret, call.now, call.tenant_id)
        if found is None or found.user_id is None:
            raise NotFound
        return {"user": _with_registrations(call, conn, users.get(conn, found.tenant_id, found.user_id))}


def _login_ids(call: Call) -> tuple[str | None, str | None]:
    """The canonical e-mail and username to look for. Raises Invalid when the query names none."""
    if (email := call.text("email")) is not None:
        return canonical(email.strip()), None
    if (username := call.text("username")) is not None:
        return None, canonical(username.strip())
    if (login_id := call.text("loginId")) is None:
        raise invalid_field("userId", "missing")
    kinds = {kind for kind in call.request.args.getlist("loginIdTypes") if kind not in ABSENT}
    if not kinds <= LOGIN_ID_TYPES:
        raise invalid_field("loginIdTypes", "invalid")
    folded = canonical(login_id.strip())
    kinds = kinds or set(LOGIN_ID_TYPES)
    return folded if "email" in kinds else None, folded if "username" in kinds else None


def _page(call: Call, name: str, default: int) -> int:
    value = call.whole(name)
    if value is None:
        return default
    if not 0 <= value <= MOST_LOGINS:
        raise invalid_field(name, "invalid")
    return value
