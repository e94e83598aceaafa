-- System: traces of login attempts, system configuration, themes, and what the audit log's API adds.

CREATE TABLE login_traces (
    id                    text COLLATE "C" PRIMARY KEY,   -- begins with the instant: the order of ids is the order of time
    instant               bigint NOT NULL,
    door                  text NOT NULL,
    status                integer NOT NULL,
    rule                  text,
    milliseconds          integer NOT NULL,
    tenant_id             uuid,                           -- no foreign keys: a trace outlives what it tells of
    application_id        uuid,
    identity_provider_id  uuid,
    user_id               uuid,
    steps                 jsonb NOT NULL
);
CREATE INDEX login_traces_user ON login_traces (user_id, id) WHERE user_id IS NOT NULL;

CREATE TABLE system_configuration (
    only_row             boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    settings             jsonb NOT NULL,
    insert_instant       bigint NOT NULL,
    last_update_instant  bigint NOT NULL
);

CREATE TABLE themes (
    id                   uuid PRIMARY KEY,
    name                 text NOT NULL UNIQUE,
    type                 text NOT NULL,
    settings             jsonb NOT NULL,
    data                 jsonb NOT NULL DEFAULT '{}',
    insert_instant       bigint NOT NULL,
    last_update_instant  bigint NOT NULL
);

ALTER TABLE audit_logs ADD COLUMN tenant_id uuid;
ALTER TABLE audit_logs ADD COLUMN old_value jsonb;
ALTER TABLE audit_logs ADD COLUMN new_value jsonb;
CREATE INDEX audit_logs_instant ON audit_logs (insert_instant);
