-- What a login must know of a user beside the user: how often its ground moved, second factors, preventing actions, lockout.
-- And the ids that grant something for a while (externalIdentifierConfiguration), which are stored as hashes only.

ALTER TABLE users ADD COLUMN login_version integer NOT NULL DEFAULT 0;  -- rises with every change a login stands on

CREATE TABLE two_factor_methods (
    tenant_id       uuid NOT NULL,
    user_id         uuid NOT NULL,
    id              text NOT NULL,          -- 4 characters of A-Z2-9
    method          text NOT NULL,          -- authenticator, email, sms
    email           text,
    mobile_phone    text,
    secret          text,                   -- sealed; only of an authenticator
    last_used       boolean NOT NULL DEFAULT false,
    last_step       bigint,                 -- the time step of the last accepted code: none is accepted twice
    insert_instant  bigint NOT NULL,
    PRIMARY KEY (tenant_id, user_id, id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);

CREATE TABLE user_action_logs (
    tenant_id          uuid NOT NULL,
    id                 uuid NOT NULL UNIQUE,
    actionee_user_id   uuid NOT NULL,
    actioner_user_id   uuid,
    user_action_id     uuid NOT NULL,
    application_ids    uuid[] NOT NULL DEFAULT '{}',  -- empty: every application
    prevents_login     boolean NOT NULL DEFAULT false,
    expiry             bigint,              -- null: until cancelled, or not temporal
    name               text NOT NULL,
    localized_name     text,
    option             text,
    localized_option   text,
    reason             text,
    localized_reason   text,
    reason_code        text,
    ended              boolean NOT NULL DEFAULT false,  -- cancelled, over, or never temporal
    settings           jsonb NOT NULL DEFAULT '{}',
    insert_instant     bigint NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, actionee_user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX user_action_logs_preventing ON user_action_logs (tenant_id, actionee_user_id)
    WHERE prevents_login AND NOT ended;

CREATE TABLE login_failures (
    tenant_id       uuid NOT NULL,
    user_id         uuid NOT NULL,
    failures        integer NOT NULL,
    first_instant   bigint NOT NULL,
    locked_until    bigint,
    PRIMARY KEY (tenant_id, user_id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
) WITH (fillfactor = 85);

CREATE TABLE external_identifiers (
    id_hash         bytea PRIMARY KEY,
    kind            text NOT NULL,
    tenant_id       uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    user_id         uuid,
    application_id  uuid,
    data            jsonb NOT NULL DEFAULT '{}',
    state           text,                   -- the client's own JSON, byte for byte
    insert_instant  bigint NOT NULL,
    expiry          bigint NOT NULL,
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, application_id) REFERENCES applications (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX external_identifiers_user ON external_identifiers (tenant_id, user_id, kind);
CREATE INDEX external_identifiers_expiry ON external_identifiers (expiry);
