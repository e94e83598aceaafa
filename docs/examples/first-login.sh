#!/bin/sh
# The first login with curl, against what `make run` has started: sh docs/examples/first-login.sh [PERSON]
set -eu

. "${IDENTITY_DATA_DIR:-.identity}/dev.env"
person=${1:-alice}
twitter=45bb233c-0901-4236-b5ca-ac46e2e0a5a5 # FusionAuth's fixed id of the Twitter identity provider

# The answer of a POST; one that is no success ends the script, and is shown.
post() {
    answer=$(curl --fail-with-body -sS -H 'Content-Type: application/json' -d "$2" "$1") || { echo "$answer" >&2; exit 1; }
    echo "$answer"
}
# The text member $1 of the JSON on standard input.
member() { tr -d '\n' | sed -n "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p"; }

# What X returns to a login page when the person consents.
token=$(post "$IDENTITY_X_EMULATOR_URL/control/tokens" \
    "{\"kind\": \"request\", \"person\": \"$person\", \"callback\": \"http://127.0.0.1:8000/callback\"}")

login=$(post "$IDENTITY_URL/api/identity-provider/login" "{
  \"applicationId\": \"$IDENTITY_APPLICATION_ID\",
  \"identityProviderId\": \"$twitter\",
  \"data\": {
    \"oauth_token\": \"$(echo "$token" | member oauth_token)\",
    \"oauth_token_secret\": \"$(echo "$token" | member oauth_token_secret)\",
    \"oauth_verifier\": \"$(echo "$token" | member oauth_verifier)\"
  }
}")
echo "The login of $person: $login"

refresh_token=$(echo "$login" | member refreshToken)
echo "A new JWT: $(post "$IDENTITY_URL/api/jwt/refresh" "{\"refreshToken\": \"$refresh_token\"}" | member token)"
