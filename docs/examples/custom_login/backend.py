"""The backend of a login page of your own: the Twitter leg, Complete-Login, and the step that each status asks for.

Beside `make run`: set -a; . .identity/dev.env; set +a; .venv/bin/flask --app docs/examples/custom_login/backend.py run
"""

import os
import secrets

from flask import Flask, jsonify, redirect, request, send_file, session, url_for
from fusionauth.fusionauth_client import FusionAuthClient
from requests_oauthlib import OAuth1Session

TWITTER = "45bb233c-0901-4236-b5ca-ac46e2e0a5a5"  # FusionAuth's fixed id of the Twitter identity provider
X, APPLICATION = os.environ["IDENTITY_X_EMULATOR_URL"], {"applicationId": os.environ["IDENTITY_APPLICATION_ID"]}
identity = FusionAuthClient(os.environ["IDENTITY_API_KEY"], os.environ["IDENTITY_URL"])
app = Flask(__name__)
app.config |= {"SECRET_KEY": secrets.token_bytes(32), "SESSION_COOKIE_SAMESITE": "Lax"}
visits = {}  # by session, what must not reach the browser: the request token's secret, ids that grant something, tokens


@app.get("/")
def page():
    return send_file("login.html")


@app.post("/twitter")
def begin():
    keys = identity.retrieve_identity_provider(TWITTER).success_response["identityProvider"]
    x = OAuth1Session(keys["consumerKey"], keys["consumerSecret"], callback_uri=url_for("complete", _external=True))
    session["id"] = secrets.token_urlsafe(32)
    visits[session["id"]] = {"leg": x.fetch_request_token(f"{X}/oauth/request_token")}
    return redirect(x.authorization_url(f"{X}/oauth/authenticate"), 303)


@app.get("/callback")
def complete():
    visit, brought = visits.get(session.get("id"), {}), request.args
    leg = visit.pop("leg", {})  # once: a callback that comes again finds nothing, another browser's does not match
    if leg and leg["oauth_token"] == brought.get("oauth_token") and "oauth_verifier" in brought:
        data = {**leg, "oauth_verifier": brought["oauth_verifier"]}
        keep(visit, identity.identity_provider_login({**APPLICATION, "identityProviderId": TWITTER, "data": data}))
    return redirect("/?denied" if "denied" in brought else "/")


def keep(visit, answer):
    visit |= {"status": answer.status, "body": answer.response.json() if answer.response.content else {}}


@app.get("/outcome")
def outcome(**more):
    visit = visits.get(session.get("id"), {})
    body = visit.get("body", {})
    shown = {name: body[name] for name in ("user", "changePasswordReason", "actions", "generalErrors") if name in body}
    takes_code = "emailVerificationId" in body or "registrationVerificationId" in body
    return jsonify(status=visit.get("status"), loggedIn="token" in body, takesCode=takes_code, **shown, **more)


@app.post("/step")
def step():
    visit = visits[session["id"]]
    answer = STEPS[visit["status"]](visit["body"], request.get_json())  # JSON: no form of another site can send that
    if answer.was_successful():
        keep(visit, answer)
    return outcome(done=answer.was_successful())


def set_password(body, given):
    changed = identity.change_password(body["changePasswordId"], {"password": given["password"]})
    once = changed.success_response["oneTimePassword"] if changed.was_successful() else None
    return identity.login({**APPLICATION, "oneTimePassword": once}) if once else changed


def link(body, given):
    login = identity.login({**APPLICATION, "loginId": given["loginId"], "password": given["password"]})
    if login.status == 200:  # the person has proved the account that the link will lead to
        wanted = {"userId": login.success_response["user"]["id"], "pendingIdPLinkId": body["pendingIdPLinkId"]}
        identity.create_user_link({"identityProviderId": TWITTER, **wanted})
    return login


STEPS = {  # by status: from what Complete-Login said and what the person gave, the next answer
    202: lambda body, given: identity.register({"registration": APPLICATION}, body["user"]["id"]),
    203: set_password,
    212: lambda body, given: identity.verify_email_address(
        {"verificationId": body["emailVerificationId"], "oneTimeCode": given["code"]}),
    213: lambda body, given: identity.verify_user_registration(
        {"verificationId": body["registrationVerificationId"], "oneTimeCode": given["code"]}),
    232: link,
    242: lambda body, given: identity.two_factor_login({"twoFactorId": body["twoFactorId"], "code": given["code"]}),
}  # fmt: skip
