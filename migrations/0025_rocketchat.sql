-- The Rocket.Chat door: short ids of users, and the tokens that the door hands out.

-- 17 characters, derived from the id. Empty for users who are older than the column, until somebody asks for theirs.
ALTER TABLE users ADD COLUMN rc_id text;
CREATE UNIQUE INDEX users_rc_id ON users (rc_id) WHERE rc_id IS NOT NULL;

CREATE TABLE rocketchat_tokens (
    tenant_id          uuid NOT NULL,
    id                 uuid PRIMARY KEY,
    user_id            uuid NOT NULL,
    application_id     uuid NOT NULL,            -- what the door was bound to when the token was made
    kind               text NOT NULL CHECK (kind IN ('login', 'personal')),
    token_hash         text NOT NULL UNIQUE,     -- base64 of SHA-256; the token itself is never stored
    name               text CHECK ((name IS NOT NULL) = (kind = 'personal')),
    last_part          text NOT NULL,            -- the end of the token, by which its owner knows it again
    bypass_two_factor  boolean NOT NULL DEFAULT false,
    insert_instant     bigint NOT NULL,
    expiry             bigint CHECK ((expiry IS NULL) = (kind = 'personal')),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, application_id) REFERENCES applications (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX rocketchat_tokens_user ON rocketchat_tokens (tenant_id, user_id, kind, insert_instant);
CREATE INDEX rocketchat_tokens_application ON rocketchat_tokens (tenant_id, application_id);
CREATE INDEX rocketchat_tokens_expiry ON rocketchat_tokens (expiry);
CREATE UNIQUE INDEX rocketchat_tokens_name ON rocketchat_tokens (tenant_id, user_id, application_id, name)
    WHERE kind = 'personal';
