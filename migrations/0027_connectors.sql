-- Directories that prove people's passwords, and whose entries users are.

CREATE TABLE connectors (
    id                       uuid PRIMARY KEY,
    name                     text NOT NULL UNIQUE,
    reconcile_id             uuid NOT NULL REFERENCES lambdas (id),
    settings                 jsonb NOT NULL,
    system_account_password  text NOT NULL,          -- sealed
    data                     jsonb NOT NULL DEFAULT '{}',
    insert_instant           bigint NOT NULL,
    last_update_instant      bigint NOT NULL
);

-- A directory that is made again under its old id finds its people: the entries stay when the connector goes, and they
-- go with the user.
CREATE TABLE connector_entries (
    tenant_id     uuid NOT NULL,
    connector_id  uuid NOT NULL,
    external_id   text NOT NULL,
    user_id       uuid NOT NULL,
    PRIMARY KEY (tenant_id, connector_id, external_id),
    UNIQUE (tenant_id, user_id, connector_id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
