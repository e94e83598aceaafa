-- The objects of the main job: tenants, applications, users, registrations, providers, links, keys, tokens, logs.
--
-- Conventions: instants are epoch milliseconds, handed in by the program (never now()); ids are made by the program;
-- tenant_id leads every key of a tenant's object and every foreign key between two of them, so that a row can not point
-- across tenants. `settings` holds the members that no query looks at, in snake_case.

CREATE TABLE installation (
    only_row               boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    configuration_version  bigint NOT NULL DEFAULT 1,   -- rises with every change of what a login reads as configuration
    bootstrap_instant      bigint,                      -- when the default objects were made
    defaults               jsonb,                       -- their ids, by role
    kickstart_instant      bigint,                      -- when the kickstart file was applied, once per database
    kickstart_requests     integer NOT NULL DEFAULT 0   -- how many of its requests are done, while it is not applied
);
INSERT INTO installation DEFAULT VALUES;

CREATE TABLE keys (
    id                   uuid PRIMARY KEY,
    name                 text NOT NULL,
    kid                  text NOT NULL UNIQUE,
    algorithm            text NOT NULL,
    type                 text NOT NULL,
    length               integer,
    issuer               text,
    public_key           text,
    certificate          text,
    private_key          text,          -- sealed
    secret               text,          -- sealed
    expiration_instant   bigint,
    deleted_instant      bigint,        -- deleted, but its public half is published until publish_until
    publish_until        bigint,
    insert_instant       bigint NOT NULL,
    last_update_instant  bigint NOT NULL
);
CREATE UNIQUE INDEX keys_name ON keys (name) WHERE deleted_instant IS NULL;

CREATE TABLE lambdas (
    id                   uuid PRIMARY KEY,
    name                 text NOT NULL,
    type                 text NOT NULL,
    body                 text NOT NULL,
    debug                boolean NOT NULL DEFAULT false,
    engine_type          text NOT NULL DEFAULT 'GraalJS',
    insert_instant       bigint NOT NULL,
    last_update_instant  bigint NOT NULL
);

CREATE TABLE tenants (
    id                   uuid PRIMARY KEY,
    name                 text NOT NULL UNIQUE,
    is_default           boolean NOT NULL DEFAULT false,
    issuer               text,          -- null: the public URL of the service
    access_token_key_id  uuid NOT NULL REFERENCES keys (id),
    id_token_key_id      uuid NOT NULL REFERENCES keys (id),
    settings             jsonb NOT NULL,
    secrets              jsonb NOT NULL DEFAULT '{}',   -- sealed strings by name
    data                 jsonb NOT NULL DEFAULT '{}',
    insert_instant       bigint NOT NULL,
    last_update_instant  bigint NOT NULL
);

CREATE TABLE applications (
    tenant_id            uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    id                   uuid NOT NULL UNIQUE,
    name                 text NOT NULL,
    active               boolean NOT NULL DEFAULT true,
    access_token_key_id  uuid REFERENCES keys (id),
    id_token_key_id      uuid REFERENCES keys (id),
    secrets              jsonb NOT NULL DEFAULT '{}',   -- sealed strings by name
    settings             jsonb NOT NULL,
    data                 jsonb NOT NULL DEFAULT '{}',
    insert_instant       bigint NOT NULL,
    last_update_instant  bigint NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, name)
);

CREATE TABLE application_roles (
    tenant_id            uuid NOT NULL,
    application_id       uuid NOT NULL,
    id                   uuid NOT NULL UNIQUE,
    name                 text NOT NULL,
    description          text,
    is_default           boolean NOT NULL DEFAULT false,
    is_super_role        boolean NOT NULL DEFAULT false,
    insert_instant       bigint NOT NULL,
    last_update_instant  bigint NOT NULL,
    PRIMARY KEY (tenant_id, application_id, name),
    FOREIGN KEY (tenant_id, application_id) REFERENCES applications (tenant_id, id) ON DELETE CASCADE
);

CREATE TABLE api_keys (
    id                         uuid PRIMARY KEY,
    key_hash                   bytea NOT NULL UNIQUE,
    key_sealed                 text,          -- only of retrievable keys
    tenant_id                  uuid REFERENCES tenants (id) ON DELETE CASCADE,
    name                       text UNIQUE,
    description                text,
    permissions                jsonb,         -- {"/api/user": ["GET"]}; null: every endpoint
    key_manager                boolean NOT NULL DEFAULT false,
    retrievable                boolean NOT NULL DEFAULT true,
    expiration_instant         bigint,
    ip_access_control_list_id  uuid,
    meta_data                  jsonb NOT NULL DEFAULT '{}',
    insert_instant             bigint NOT NULL,
    last_update_instant        bigint NOT NULL
);

CREATE TABLE users (
    tenant_id                 uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    id                        uuid NOT NULL UNIQUE,
    email                     text,
    email_canonical           text,
    username                  text,
    username_canonical        text,
    active                    boolean NOT NULL DEFAULT true,
    verified                  boolean NOT NULL DEFAULT true,
    verified_instant          bigint,
    verified_reason           text,
    expiry                    bigint,
    birth_date                text,
    first_name                text,
    full_name                 text,
    image_url                 text,
    last_name                 text,
    middle_name               text,
    mobile_phone              text,
    parent_email              text,
    timezone                  text,
    preferred_languages       text[] NOT NULL DEFAULT '{}',
    clean_speak_id            uuid,
    connector_id              uuid NOT NULL,
    password_change_required  boolean NOT NULL DEFAULT false,
    data                      jsonb NOT NULL DEFAULT '{}',
    last_login_instant        bigint,
    insert_instant            bigint NOT NULL,
    last_update_instant       bigint NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, email_canonical),
    UNIQUE (tenant_id, username_canonical)
) WITH (fillfactor = 85);

CREATE TABLE passwords (
    tenant_id            uuid NOT NULL,
    user_id              uuid NOT NULL,
    scheme               text NOT NULL,
    factor               integer,
    salt                 text NOT NULL,
    hash                 text NOT NULL,
    last_update_instant  bigint NOT NULL,
    PRIMARY KEY (tenant_id, user_id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);

CREATE TABLE registrations (
    tenant_id             uuid NOT NULL,
    user_id               uuid NOT NULL,
    application_id        uuid NOT NULL,
    id                    uuid NOT NULL UNIQUE,
    username              text,
    roles                 text[] NOT NULL DEFAULT '{}',
    timezone              text,
    preferred_languages   text[] NOT NULL DEFAULT '{}',
    authentication_token  text,          -- sealed
    tokens                jsonb NOT NULL DEFAULT '{}',
    clean_speak_id        uuid,
    verified              boolean NOT NULL DEFAULT true,
    verified_instant      bigint,
    data                  jsonb NOT NULL DEFAULT '{}',
    last_login_instant    bigint,
    insert_instant        bigint NOT NULL,
    last_update_instant   bigint NOT NULL,
    PRIMARY KEY (tenant_id, user_id, application_id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, application_id) REFERENCES applications (tenant_id, id) ON DELETE CASCADE
) WITH (fillfactor = 85);
CREATE INDEX registrations_application ON registrations (tenant_id, application_id);

CREATE TABLE identity_providers (
    id                   uuid PRIMARY KEY,
    type                 text NOT NULL,
    name                 text NOT NULL UNIQUE,
    enabled              boolean NOT NULL DEFAULT false,
    debug                boolean NOT NULL DEFAULT false,
    linking_strategy     text NOT NULL,
    reconcile_id         uuid REFERENCES lambdas (id),
    settings             jsonb NOT NULL,
    secrets              jsonb NOT NULL DEFAULT '{}',   -- sealed strings by name
    data                 jsonb NOT NULL DEFAULT '{}',
    insert_instant       bigint NOT NULL,
    last_update_instant  bigint NOT NULL
);

CREATE TABLE identity_provider_applications (
    identity_provider_id  uuid NOT NULL REFERENCES identity_providers (id) ON DELETE CASCADE,
    tenant_id             uuid NOT NULL,
    application_id        uuid NOT NULL,
    enabled               boolean NOT NULL DEFAULT false,
    create_registration   boolean NOT NULL DEFAULT true,
    settings              jsonb NOT NULL DEFAULT '{}',
    secrets               jsonb NOT NULL DEFAULT '{}',  -- sealed strings by name
    data                  jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (identity_provider_id, application_id),
    FOREIGN KEY (tenant_id, application_id) REFERENCES applications (tenant_id, id) ON DELETE CASCADE
);

CREATE TABLE identity_provider_tenants (
    identity_provider_id  uuid NOT NULL REFERENCES identity_providers (id) ON DELETE CASCADE,
    tenant_id             uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    limit_enabled         boolean NOT NULL DEFAULT false,
    maximum_links         integer NOT NULL,
    data                  jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (identity_provider_id, tenant_id)
);

CREATE TABLE connection_tests (
    id                    uuid PRIMARY KEY,
    identity_provider_id  uuid NOT NULL REFERENCES identity_providers (id) ON DELETE CASCADE,
    tenant_id             uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    result                jsonb NOT NULL DEFAULT '{}',
    insert_instant        bigint NOT NULL,
    expiry                bigint NOT NULL
);

CREATE TABLE links (
    tenant_id                  uuid NOT NULL,
    identity_provider_id       uuid NOT NULL REFERENCES identity_providers (id) ON DELETE CASCADE,
    identity_provider_user_id  text NOT NULL,
    user_id                    uuid NOT NULL,
    display_name               text,
    token                      text,          -- sealed
    token_secret               text,          -- sealed
    data                       jsonb NOT NULL DEFAULT '{}',
    insert_instant             bigint NOT NULL,
    last_login_instant         bigint NOT NULL,
    PRIMARY KEY (tenant_id, identity_provider_id, identity_provider_user_id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
) WITH (fillfactor = 85);
CREATE INDEX links_user ON links (tenant_id, user_id, identity_provider_id);

CREATE TABLE pending_links (
    id_hash                    bytea PRIMARY KEY,
    tenant_id                  uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    application_id             uuid NOT NULL,
    identity_provider_id       uuid NOT NULL REFERENCES identity_providers (id) ON DELETE CASCADE,
    identity_provider_user_id  text NOT NULL,
    display_name               text,
    email                      text,
    username                   text,
    token                      text,          -- sealed
    token_secret               text,          -- sealed
    insert_instant             bigint NOT NULL,
    expiry                     bigint NOT NULL,
    FOREIGN KEY (tenant_id, application_id) REFERENCES applications (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX pending_links_expiry ON pending_links (expiry);

CREATE TABLE refresh_tokens (
    tenant_id              uuid NOT NULL,
    id                     uuid NOT NULL,
    user_id                uuid NOT NULL,
    application_id         uuid,
    token_hash             bytea NOT NULL UNIQUE,
    authentication_type    text NOT NULL,
    auth_instant           bigint NOT NULL,       -- when the person last proved who they are
    start_instant          bigint NOT NULL,       -- a sliding policy moves it
    rotated_instant        bigint,                -- last one-time rotation
    meta_data              jsonb NOT NULL DEFAULT '{}',
    last_accessed_instant  bigint NOT NULL,
    last_accessed_address  text,
    data                   jsonb NOT NULL DEFAULT '{}',
    insert_instant         bigint NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (tenant_id, id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, application_id) REFERENCES applications (tenant_id, id) ON DELETE CASCADE
) WITH (fillfactor = 85);
CREATE INDEX refresh_tokens_user ON refresh_tokens (tenant_id, user_id);

CREATE TABLE spent_refresh_tokens (
    token_hash        bytea PRIMARY KEY,
    refresh_token_id  uuid NOT NULL REFERENCES refresh_tokens (id) ON DELETE CASCADE,
    spent_instant     bigint NOT NULL
);
CREATE INDEX spent_refresh_tokens_record ON spent_refresh_tokens (refresh_token_id);

CREATE TABLE login_records (
    tenant_id            uuid NOT NULL,
    user_id              uuid NOT NULL,
    instant              bigint NOT NULL,
    id                   uuid NOT NULL,
    application_id       uuid,
    ip_address           text,
    authentication_type  text NOT NULL,
    user_agent           text,
    PRIMARY KEY (tenant_id, user_id, instant, id)
);

CREATE TABLE event_logs (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    type            text NOT NULL,
    message         text NOT NULL,
    insert_instant  bigint NOT NULL
);
CREATE INDEX event_logs_instant ON event_logs (insert_instant);

CREATE TABLE audit_logs (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    insert_user     text NOT NULL,
    message         text NOT NULL,
    reason          text,
    data            jsonb NOT NULL DEFAULT '{}',
    insert_instant  bigint NOT NULL
);
