#!/bin/sh
# A login by an LDAP directory, against what `make run` has started: sh docs/examples/ldap-login.sh [PORT]
#
# It starts an OpenLDAP server of its own (Debian: apt-get install slapd) with one person in it, makes lambda, connector
# and policy, and logs the person in. The server is gone at the end; connector, lambda, policies and user stay, and a
# second run finds them.
set -eu

. "${IDENTITY_DATA_DIR:-.identity}/dev.env"
port=${1:-3890}
lambda=1f0c9b52-5f6c-4a43-9f0e-6d0f6f6f1c01 connector=1f0c9b52-5f6c-4a43-9f0e-6d0f6f6f1c02 # any ids will do
PATH=$PATH:/usr/sbin:/usr/lib/openldap
schemas=${LDAP_SCHEMAS:-/etc/ldap/schema} modules=${LDAP_MODULES:-/usr/lib/ldap}
folder=$(mktemp -d) slapd=
trap '[ -z "$slapd" ] || kill "$slapd"; rm -rf "$folder"' EXIT

# The answer of a call; one that is no success ends the script, and is shown.
call() {
    answer=$(curl --fail-with-body -sS -X "$1" -H "Authorization: $IDENTITY_API_KEY" \
        -H "Content-Type: ${4:-application/json}" -d "$3" "$IDENTITY_URL$2") || { echo "$answer" >&2; exit 1; }
    echo "$answer"
}
# The first text member $1 of the JSON on standard input.
member() { tr -d '\n' | grep -o "\"$1\": *\"[^\"]*\"" | head -n 1 | cut -d '"' -f 4; }

# Creates or replaces the object $3 at the route $1 with the id $2.
save() {
    verb=POST
    if curl -sSf -o /dev/null -H "Authorization: $IDENTITY_API_KEY" "$IDENTITY_URL$1/$2" 2>/dev/null; then verb=PUT; fi
    call "$verb" "$1/$2" "$3" >/dev/null
}

mkdir "$folder/data"
cat >"$folder/slapd.conf" <<END
include $schemas/core.schema
include $schemas/cosine.schema
include $schemas/inetorgperson.schema
modulepath $modules
moduleload back_mdb
pidfile $folder/slapd.pid
database mdb
suffix "dc=example,dc=com"
rootdn "cn=reader,dc=example,dc=com"
rootpw reader
directory $folder/data
END
slapd -T add -f "$folder/slapd.conf" <<'END'
dn: dc=example,dc=com
objectClass: dcObject
objectClass: organization
o: Example
dc: example

dn: cn=Grace Hopper,dc=example,dc=com
objectClass: inetOrgPerson
cn: Grace Hopper
givenName: Grace
sn: Hopper
uid: grace
entryUUID: 1f0c9b52-5f6c-4a43-9f0e-6d0f6f6f1c03
mail: grace@example.com
userPassword: amazing grace
END
slapd -f "$folder/slapd.conf" -h "ldap://127.0.0.1:$port" -d 0 &
slapd=$!
while curl -s -m 2 "http://127.0.0.1:$port/" >/dev/null; [ $? -eq 7 ]; do # nobody listens yet
    kill -0 "$slapd" || exit 1
    sleep 0.1
done

save /api/lambda "$lambda" "{\"lambda\": {
  \"name\": \"Example directory\",
  \"type\": \"LDAPConnectorReconcile\",
  \"body\": \"function reconcile(user, userAttributes) { user.email = userAttributes.mail; user.username = userAttributes.uid; user.fullName = userAttributes.cn; user.registrations = [{ applicationId: '$IDENTITY_APPLICATION_ID' }]; }\"
}}"
save /api/connector "$connector" "{\"connector\": {
  \"type\": \"LDAP\",
  \"name\": \"Example directory\",
  \"authenticationURL\": \"ldap://127.0.0.1:$port\",
  \"securityMethod\": \"None\",
  \"baseStructure\": \"dc=example,dc=com\",
  \"systemAccountDN\": \"cn=reader,dc=example,dc=com\",
  \"systemAccountPassword\": \"reader\",
  \"loginIdAttribute\": \"uid\",
  \"identifyingAttribute\": \"cn\",
  \"requestedAttributes\": [\"uid\", \"mail\", \"cn\"],
  \"connectTimeout\": 1000,
  \"readTimeout\": 2000,
  \"lambdaConfiguration\": { \"reconcileId\": \"$lambda\" }
}}"
application=$(curl --fail -sS -H "Authorization: $IDENTITY_API_KEY" "$IDENTITY_URL/api/application/$IDENTITY_APPLICATION_ID")
tenant=$(echo "$application" | member tenantId)
policies="{\"tenant\": { \"connectorPolicies\": [
  { \"connectorId\": \"$connector\", \"domains\": [\"*\"], \"migrate\": false },
  { \"connectorId\": \"e3306678-a53a-4964-9040-1c96f36dda72\", \"domains\": [\"*\"], \"migrate\": false }
]}}"
call PATCH "/api/tenant/$tenant" "$policies" application/merge-patch+json >/dev/null

login="{\"loginId\": \"grace\", \"password\": \"amazing grace\", \"applicationId\": \"$IDENTITY_APPLICATION_ID\"}"
answered=$(call POST /api/login "$login")
echo "The login of grace: $answered"
