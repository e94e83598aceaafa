"""What must hold in the tables whatever was interrupted, deleted or done twice (security section 5).

Each query names the rows that break one rule; `broken` runs them all.
"""

from __future__ import annotations

from typing import Any

import psycopg

_SEALED = {
    "api_keys": ("key_sealed",),
    "keys": ("private_key", "secret"),
    "links": ("token", "token_secret"),
    "pending_links": ("token", "token_secret"),
    "registrations": ("authentication_token",),
}
_SEALED_MAPS = {
    "applications": "secrets",
    "identity_provider_applications": "secrets",
    "identity_providers": "secrets",
    "registrations": "tokens",
    "tenants": "secrets",
}
_OF_A_USER = ("links", "login_records", "passwords", "refresh_tokens", "registrations", "rocketchat_tokens")
_OF_AN_APPLICATION = ("pending_links", "refresh_tokens", "registrations", "rocketchat_tokens")

RULES: dict[str, str] = {
    "two users of a tenant share an e-mail address": """
        SELECT tenant_id, email_canonical FROM users WHERE email_canonical IS NOT NULL
        GROUP BY 1, 2 HAVING count(*) > 1""",
    "two users of a tenant share a username": """
        SELECT tenant_id, username_canonical FROM users WHERE username_canonical IS NOT NULL
        GROUP BY 1, 2 HAVING count(*) > 1""",
    "an outside person is linked twice in a tenant": """
        SELECT tenant_id, identity_provider_id, identity_provider_user_id FROM links
        GROUP BY 1, 2, 3 HAVING count(*) > 1""",
    "a user has more links than the tenant allows": """
        SELECT l.tenant_id, l.user_id, count(*) FROM links l
        JOIN identity_provider_tenants t USING (tenant_id, identity_provider_id)
        WHERE t.limit_enabled GROUP BY l.tenant_id, l.user_id, l.identity_provider_id, t.maximum_links
        HAVING count(*) > t.maximum_links""",
    "a spent refresh token is also a current one": """
        SELECT r.id FROM refresh_tokens r JOIN spent_refresh_tokens s USING (token_hash)""",
    "an SSO session was renewed like a one-time token": """
        SELECT id FROM refresh_tokens t WHERE application_id IS NULL
        AND (rotated_instant IS NOT NULL
             OR EXISTS (SELECT 1 FROM spent_refresh_tokens s WHERE s.refresh_token_id = t.id))""",
    "an SSO session is younger than its login, or belongs to somebody who is deactivated": """
        SELECT t.id FROM refresh_tokens t JOIN users u ON u.tenant_id = t.tenant_id AND u.id = t.user_id
        WHERE t.application_id IS NULL AND (t.auth_instant > t.insert_instant OR NOT u.active)""",
    "a user is logged in more than fifty times at the Rocket.Chat door": """
        SELECT tenant_id, user_id FROM rocketchat_tokens WHERE kind = 'login' GROUP BY 1, 2 HAVING count(*) > 50""",
    "a deactivated user has tokens of the Rocket.Chat door": """
        SELECT t.id FROM rocketchat_tokens t JOIN users u ON u.tenant_id = t.tenant_id AND u.id = t.user_id
        WHERE NOT u.active""",
    "a token of the Rocket.Chat door is in clear": """
        SELECT id FROM rocketchat_tokens WHERE token_hash !~ '^[A-Za-z0-9+/]{43}=$'""",
    "a login record names an application of another tenant": """
        SELECT r.id FROM login_records r JOIN applications a ON a.id = r.application_id
        WHERE a.tenant_id <> r.tenant_id""",
    "a provider is open to an application of another tenant than it says": """
        SELECT p.application_id FROM identity_provider_applications p
        LEFT JOIN applications a ON a.id = p.application_id AND a.tenant_id = p.tenant_id WHERE a.id IS NULL""",
    "a registration has a role that its application has not": """
        SELECT r.id, role FROM registrations r CROSS JOIN unnest(r.roles) AS role
        LEFT JOIN application_roles a ON a.application_id = r.application_id AND a.name = role WHERE a.id IS NULL""",
    "a tenant or application signs with a deleted key": """
        SELECT o.id FROM (SELECT id, access_token_key_id, id_token_key_id FROM tenants
                          UNION ALL SELECT id, access_token_key_id, id_token_key_id FROM applications) o
        JOIN keys k ON k.id IN (o.access_token_key_id, o.id_token_key_id) WHERE k.deleted_instant IS NOT NULL""",
    **{
        f"a row of {table} has no user in its tenant": f"""
        SELECT t.tenant_id, t.user_id FROM {table} t
        LEFT JOIN users u ON u.tenant_id = t.tenant_id AND u.id = t.user_id WHERE u.id IS NULL"""
        for table in _OF_A_USER
    },
    **{
        f"a row of {table} has no application in its tenant": f"""
        SELECT t.tenant_id, t.application_id FROM {table} t
        LEFT JOIN applications a ON a.tenant_id = t.tenant_id AND a.id = t.application_id
        WHERE t.application_id IS NOT NULL AND a.id IS NULL"""
        for table in _OF_AN_APPLICATION
    },
    **{
        f"{table}.{column} is in clear": f"SELECT 1 FROM {table} WHERE {column} NOT LIKE 'v1.%%'"
        for table, columns in _SEALED.items()
        for column in columns
    },
    **{
        f"{table}.{column} holds a text in clear": f"""
        SELECT 1 FROM {table} CROSS JOIN jsonb_each_text({column}) WHERE value NOT LIKE 'v1.%%'"""
        for table, column in _SEALED_MAPS.items()
    },
}

FROM_A_LOGIN = """
    SELECT u.id FROM users u LEFT JOIN passwords p ON p.tenant_id = u.tenant_id AND p.user_id = u.id
    LEFT JOIN links l ON l.tenant_id = u.tenant_id AND l.user_id = u.id
    WHERE p.user_id IS NULL AND l.user_id IS NULL"""
"""Users whom only a login can have made, as nobody gave them a password: without the link of that login."""


def broken(conn: psycopg.Connection[Any], *, links_may_be_gone: bool = False) -> dict[str, list[Any]]:
    """The rules that do not hold, each with the rows that break it.

    `links_may_be_gone` after a link or a whole provider was deleted: then a user may stand alone.
    """
    rules = RULES if links_may_be_gone else {**RULES, "a login made a user without a link": FROM_A_LOGIN}
    found = {rule: conn.execute(query, ()).fetchall() for rule, query in rules.items()}
    return {rule: rows for rule, rows in found.items() if rows}
