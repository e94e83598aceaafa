"""The first login: three calls with FusionAuth's official Python client, against what `make run` has started.

Run it with the Python that has the client: .venv/bin/python docs/examples/first_login.py [PERSON]
"""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import Any

import requests
from fusionauth.fusionauth_client import FusionAuthClient

TWITTER = "45bb233c-0901-4236-b5ca-ac46e2e0a5a5"  # FusionAuth's fixed id of the Twitter identity provider


def main(person: str = "alice") -> None:
    told = dev_env()
    x, application_id = told["IDENTITY_X_EMULATOR_URL"], told["IDENTITY_APPLICATION_ID"]
    client = FusionAuthClient(told["IDENTITY_API_KEY"], told["IDENTITY_URL"])

    # 1. An administrator configures the provider: the keys of an application at X, and who may use it.
    consumer = requests.get(f"{x}/control/settings", timeout=10).json()["consumers"][0]
    provider = {
        "type": "Twitter",
        "enabled": True,
        "buttonText": "Login with Twitter",
        "consumerKey": consumer["key"],
        "consumerSecret": consumer["secret"],
        "applicationConfiguration": {application_id: {"enabled": True, "createRegistration": True}},
    }
    known = client.retrieve_identity_provider(TWITTER).was_successful()
    configure = client.patch_identity_provider if known else client.create_identity_provider
    good(configure(identity_provider_id=TWITTER, request={"identityProvider": provider}))
    print(f"1. The Twitter provider is {'patched' if known else 'created'} and open to application {application_id}.")

    # 2. A login page hands over what X returned to it. Here the emulator plays the person who consents.
    consent = {"kind": "request", "person": person, "callback": "http://127.0.0.1:8000/callback"}
    token = requests.post(f"{x}/control/tokens", json=consent, timeout=10).json()
    login = good(
        client.identity_provider_login(
            {
                "applicationId": application_id,
                "identityProviderId": TWITTER,
                "data": {name: token[name] for name in ("oauth_token", "oauth_token_secret", "oauth_verifier")},
            }
        )
    )
    user = login["user"]
    print(f"2. {person} of X is logged in as user {user['id']} ({user.get('email') or user.get('username')}).")
    print(f"   The JWT begins with {login['token'][:24]}... and there is a refresh token.")

    # 3. Later the application asks for a new JWT.
    refreshed = good(client.exchange_refresh_token_for_jwt({"refreshToken": login["refreshToken"]}))
    print(f"3. The refresh token gave a new JWT, {refreshed['token'][:24]}...")

    # What the login has left: the link that finds the same user next time, whatever their e-mail address is then.
    (link, *_) = good(client.retrieve_user_links_by_user_id(user["id"], TWITTER))["identityProviderLinks"]
    print(f"   X's user {link['identityProviderUserId']} is linked to the user as {link['displayName']}.")


def dev_env() -> dict[str, str]:
    """What `make run` wrote into the data directory; the environment wins."""
    file = Path(os.environ.get("IDENTITY_DATA_DIR", ".identity")) / "dev.env"
    lines = shlex.split(file.read_text(encoding="utf-8"), comments=True) if file.exists() else []
    return dict(line.partition("=")[::2] for line in lines) | dict(os.environ)


def good(answer: Any) -> Any:
    """The body of a successful answer."""
    if not answer.was_successful():
        sys.exit(f"{answer.status}: {answer.error_response}")
    return answer.success_response


if __name__ == "__main__":
    main(*sys.argv[1:])
