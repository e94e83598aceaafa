-- Why a password must be changed, and the passwords a user had before (rememberPreviousPasswords).

ALTER TABLE users ADD COLUMN IF NOT EXISTS password_change_reason text;  -- Administrative, Breached, Expired, Validation

CREATE TABLE previous_passwords (
    tenant_id       uuid NOT NULL,
    user_id         uuid NOT NULL,
    id              uuid NOT NULL,
    scheme          text NOT NULL,
    factor          integer,
    salt            text NOT NULL,
    hash            text NOT NULL,
    insert_instant  bigint NOT NULL,          -- when it was replaced
    PRIMARY KEY (tenant_id, user_id, id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
