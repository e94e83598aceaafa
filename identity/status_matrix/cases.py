"""The statuses of the login doors and how each is reached: one case a status, all of them in `CASES`.

They play in a tenant and an application of their own (`SCENE`), which are removed afterwards (`CLEARING`). A case that
changes something beside its own person takes it back in `undo`. $TAG has nine digits and tells one run from another.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from identity.status_matrix.calls import Call, X, said_by_x

TWITTER = "45bb233c-0901-4236-b5ca-ac46e2e0a5a5"
COMPLETE_LOGIN = "/api/identity-provider/login"
PASSWORD = "correct horse battery"  # noqa: S105 (of people who live for a minute)
TOTP_SECRET = "MTIzNDU2Nzg5MDEyMzQ1Njc4OTA="  # noqa: S105
FOR_EVER = 9_223_372_036_854_775_807
NOBODY_LISTENS = "http://127.0.0.1:9/"

Part = dict[str, Any]


class Damage(Enum):
    """What no call can cause, so that it is done in the database itself, and mended afterwards."""

    BROKEN_ROW = "the application's row is damaged in the database"
    READ_ONLY = "the database takes no writes"


@dataclass(frozen=True, slots=True)
class Case:
    """How a login comes to end with `status`, and what resolves it, in words."""

    status: int
    title: str
    meaning: str
    resolution: str
    request: Call
    cause: tuple[Call, ...] = ()
    undo: tuple[Call, ...] = ()
    damage: Damage | None = None


SCENE = (
    Call("POST", "/api/tenant/$TENANT", {"tenant": {"name": "Outcomes $TAG"}}, scoped=False),
    Call(
        "POST",
        "/api/application/$APPLICATION",
        {
            "application": {
                "name": "Outcomes",
                "loginConfiguration": {
                    "allowTokenRefresh": True,
                    "generateRefreshTokens": True,
                    "requireAuthentication": False,
                },
            }
        },
    ),
)
CLEARING = (Call("DELETE", "/api/tenant/$TENANT", scoped=False),)


def _provider(**members: Any) -> Call:
    return Call("PATCH", "/api/identity-provider/$TWITTER", {"identityProvider": members})


def _create_registration(wanted: bool) -> Call:
    return _provider(applicationConfiguration={"$APPLICATION": {"enabled": True, "createRegistration": wanted}})


def _tenant(**members: Any) -> Call:
    return Call("PATCH", "/api/tenant/$TENANT", {"tenant": members}, scoped=False)


def _application(**members: Any) -> Call:
    return Call("PATCH", "/api/application/$APPLICATION", {"application": members})


OPENED = _create_registration(True)
"""The provider is open to the application of the cases: every case begins with it."""


def _at_x(status: int) -> Call:
    """Somebody with an account at X."""
    name = f"p{status}_$TAG"
    return Call(
        "POST",
        "/control/people",
        {"id": f"{status}$TAG", "screen_name": name, "email": f"{name}@example.com"},
        base=X,
    )


def _user_id(number: int) -> str:
    return f"00000000-0000-4000-8{number:03d}-000$TAG"


def _user(status: int, *, verified: bool = True, registered: bool = True, **members: Any) -> Call:
    """A user with the e-mail address of the person at X, registered for the application."""
    email = f"p{status}_$TAG@example.com"
    body: Part = {
        "skipVerification": verified,
        "skipRegistrationVerification": registered,
        "user": {"email": email, "password": PASSWORD} | members,
        "registration": {"applicationId": "$APPLICATION"},
    }
    return Call("POST", f"/api/user/registration/{_user_id(status)}", body)


def _login(status: int, *, save: dict[str, str] | None = None, **members: Any) -> Call:
    """The login page hands over what X returned."""
    body: Part = {
        "applicationId": "$APPLICATION",
        "identityProviderId": "$TWITTER",
        "data": said_by_x(f"p{status}_$TAG"),
    }
    return Call("POST", COMPLETE_LOGIN, body | members, keyed=False, save=save or {})


def _refused_webhook() -> tuple[Call, ...]:
    webhook = {
        "url": NOBODY_LISTENS,
        "connectTimeout": 1000,
        "readTimeout": 2000,
        "global": False,
        "tenantIds": ["$TENANT"],
        "eventsEnabled": {"user.create": True},
    }
    wanted = {"enabled": True, "transactionType": "AbsoluteMajority"}
    return (
        Call("POST", f"/api/webhook/{_user_id(504)}", {"webhook": webhook}),
        _tenant(eventConfiguration={"events": {"user.create": wanted}}),
    )


THROWING = "function validate(result, user, registration, context) { throw new Error('out of order'); }"

CASES = (
    Case(
        200,
        "Logged in",
        "The person is known or was just made, and nothing is outstanding. The body has the user, "
        "`token`, `tokenExpirationInstant` and, when the application generates them, `refreshToken` and "
        "`refreshTokenId`; both tokens come as cookies too.",
        "Nothing is missing: the answer has the user, a JWT and a refresh token.",
        _login(200),
        (_at_x(200),),
    ),
    Case(
        202,
        "Logged in, but not registered for the application",
        "The person is authenticated, but has no registration for the application and the provider makes "
        "none. There is a `token` without roles, and no refresh token.",
        "Register the user: POST /api/user/registration/{userId}.",
        _login(202),
        (_at_x(202), _create_registration(False)),
        (OPENED,),
    ),
    Case(
        203,
        "The password must be changed first",
        "The user has a password that must be changed: an administrator says so, it is too old, or it "
        "breaks the tenant's rules. The body has only `changePasswordId` and `changePasswordReason`.",
        "Change it with the changePasswordId of the answer: POST /api/user/change-password.",
        _login(203),
        (_at_x(203), _user(203, passwordChangeRequired=True)),
    ),
    Case(
        204,
        "The person has not come back from X yet",
        "A login that this service began itself waits for the person to come back from X. There is no "
        "body; ask again in a while. After that, the same call ends like any other login, once.",
        "Ask again once they have followed the authorizationURL that the start returned.",
        Call(
            "POST",
            COMPLETE_LOGIN,
            {"applicationId": "$APPLICATION", "identityProviderId": "$TWITTER", "data": {"code": "$CODE"}},
            keyed=False,
        ),
        (
            Call(
                "POST",
                "/api/identity-provider/start",
                {"applicationId": "$APPLICATION", "identityProviderId": "$TWITTER"},
                keyed=False,
                save={"CODE": "code"},
            ),
        ),
    ),
    Case(
        212,
        "The e-mail address is not verified",
        "The tenant verifies e-mail addresses and this one is not. Under `unverified.behavior` Allow the "
        "tokens are there; under Gated there are only `user` and, with the strategy FormField, "
        "`emailVerificationId`.",
        "Verify it with what the mail said: POST /api/user/verify-email. PUT with ?email= sends a new mail.",
        _login(212),
        (_at_x(212), _tenant(emailConfiguration={"verifyEmail": True}), _user(212, verified=False)),
        (_tenant(emailConfiguration={"verifyEmail": False}),),
    ),
    Case(
        213,
        "The registration is not verified",
        "The application verifies registrations and this one is not. What is in the body follows the "
        "same rule as for 212, with `registrationVerificationId`.",
        "Verify it with what the mail said: POST /api/user/verify-registration.",
        _login(213),
        (_at_x(213), _application(verifyRegistration=True), _user(213, registered=False)),
        (_application(verifyRegistration=False),),
    ),
    Case(
        232,
        "The person is known to X, but linked to no user",
        "X vouches for the person, the provider's strategy is CreatePendingLink, and no link exists. The "
        "body has `pendingIdPLinkId` and nothing else; it works once and for an hour.",
        "Let them sign in to an account of yours; POST /api/identity-provider/link with the pendingIdPLinkId.",
        _login(232),
        (_at_x(232), _provider(linkingStrategy="CreatePendingLink")),
        (_provider(linkingStrategy="LinkByEmail"),),
    ),
    Case(
        242,
        "A second factor is needed",
        "The user has a second factor, or the policy requires one, and the computer is not trusted. The "
        "body has `twoFactorId` and `methods`, or `configurableMethods` for somebody who has none yet.",
        "Complete the login with the twoFactorId of the answer and a code: POST /api/two-factor/login.",
        _login(242),
        (
            _at_x(242),
            _user(242, twoFactor={"methods": [{"method": "authenticator", "secret": TOTP_SECRET}]}),
        ),
    ),
    Case(
        400,
        "The request is not one",
        "The JSON, a member or an id is wrong, or the login-validation lambda objects. All that is wrong "
        "is said at once in `fieldErrors` and `generalErrors`.",
        "Mend the members that fieldErrors names.",
        Call("POST", COMPLETE_LOGIN, {"applicationId": "$APPLICATION", "data": {}}, keyed=False),
    ),
    Case(
        401,
        "X does not vouch for the person",
        "X refuses the token, does not answer, or the provider may not be used here. One general error "
        "tells which, with details in its `data`.",
        "The general error says why; begin anew with a token of X that holds.",
        _login(401, data={"oauth_token": "nobody's", "oauth_token_secret": "nobody's"}),
    ),
    Case(
        404,
        "No user is linked, and none may be",
        "There is no link and none may be made, or the user is deactivated. No body. At the password "
        "door it is an unknown user or a wrong password.",
        "Leave out noLink, or choose another strategy. A deactivated user: PUT /api/user/{userId}?reactivate=true.",
        _login(404, noLink=True),
        (_at_x(404),),
    ),
    Case(
        409,
        "A user action prevents the login",
        "An action that prevents logins is in force. The body names every such action, with its end "
        "unless it has none. Taking such an action ends the refresh tokens of the user.",
        "Cancel the action, DELETE /api/user/action/{actionId}, or wait for the expiry that the answer gives.",
        _login(409),
        (
            _at_x(409),
            _user(409),
            Call(
                "POST",
                f"/api/user-action/{_user_id(910)}",
                {"userAction": {"name": "Blocked $TAG", "temporal": True, "preventLogin": True}},
            ),
            Call(
                "POST",
                "/api/user/action",
                {
                    "action": {
                        "actioneeUserId": _user_id(409),
                        "actionerUserId": _user_id(409),
                        "userActionId": _user_id(910),
                        "expiry": FOR_EVER,
                    }
                },
            ),
        ),
        (Call("DELETE", f"/api/user-action/{_user_id(910)}?hardDelete=true"),),
    ),
    Case(
        410,
        "The user has expired",
        "The instant in `user.expiry` has passed. No body.",
        "Move or remove the expiry: PATCH /api/user/{userId}.",
        _login(410),
        (_at_x(410), _user(410, expiry=1_000)),
    ),
    Case(
        421,
        "The code of the second factor is wrong",
        "The second step only. The `twoFactorId` stays good for another try until five guesses were wrong.",
        "Ask for the code again; after five wrong ones the twoFactorId is dead.",
        Call("POST", "/api/two-factor/login", {"twoFactorId": "$CHALLENGE", "code": "not it"}, keyed=False),
        (
            _at_x(421),
            _user(421, twoFactor={"methods": [{"method": "authenticator", "secret": TOTP_SECRET}]}),
            _login(421, save={"CHALLENGE": "twoFactorId"}),
        ),
    ),
    Case(
        423,
        "The user is deactivated or locked out, and the password was right",
        "The password door only, and only for who knows the password: everybody else gets 404.",
        "PUT /api/user/{userId}?reactivate=true, or wait for the end of the lockout.",
        Call(
            "POST",
            "/api/login",
            {"applicationId": "$APPLICATION", "loginId": "p423_$TAG@example.com", "password": PASSWORD},
            keyed=False,
        ),
        (_user(423), Call("DELETE", f"/api/user/{_user_id(423)}")),
    ),
    Case(
        500,
        "A fault of the service",
        "Nobody wants to see it. No body; the stack is in the log, never in an answer.",
        "The X-Request-Id header names the line of the log that has the reason; nothing that a call sends leads here.",
        _login(500),
        (_at_x(500),),
        damage=Damage.BROKEN_ROW,
    ),
    Case(
        503,
        "The database does not take the work",
        "The database is away, overloaded or takes no writes. Nothing of the login was kept. The service "
        "comes back by itself within ten seconds of the database.",
        "Try again after the seconds that Retry-After says.",
        _login(503),
        (_at_x(503),),
        damage=Damage.READ_ONLY,
    ),
    Case(
        504,
        "A transactional webhook did not agree",
        "An event of this login is transactional, and too few webhooks agreed in time. Before the first "
        "commit nothing was written; when `user.login.success` is refused, user and link stay and no "
        "token leaves.",
        "Mend the webhook, or the event's transactionType in the tenant's eventConfiguration; nothing was written.",
        _login(504),
        (_at_x(504), *_refused_webhook()),
        (
            _tenant(eventConfiguration={"events": {"user.create": {"enabled": False, "transactionType": "None"}}}),
            Call("DELETE", f"/api/webhook/{_user_id(504)}"),
        ),
    ),
    Case(
        512,
        "A lambda failed",
        "A reconcile or login-validation lambda threw, ran too long, or returned nonsense.",
        "The event log says what it threw: GET /api/system/event-log/search?type=Error.",
        _login(512),
        (
            _at_x(512),
            Call(
                "POST",
                f"/api/lambda/{_user_id(512)}",
                {"lambda": {"name": "Throwing $TAG", "type": "LoginValidation", "body": THROWING}},
            ),
            _tenant(lambdaConfiguration={"loginValidationId": _user_id(512)}),
        ),
        (
            _tenant(lambdaConfiguration={"loginValidationId": None}),
            Call("DELETE", f"/api/lambda/{_user_id(512)}"),
        ),
    ),
)
