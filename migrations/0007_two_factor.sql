-- Second factors: names and shapes of methods, recovery codes, codes sent to set a method up or remove it.

ALTER TABLE two_factor_methods ADD COLUMN name text;
ALTER TABLE two_factor_methods ADD COLUMN authenticator jsonb;  -- algorithm, code_length, time_step; only of that kind

CREATE TABLE two_factor_recovery_codes (
    tenant_id       uuid NOT NULL,
    user_id         uuid NOT NULL,
    id              uuid NOT NULL,
    code            text NOT NULL,          -- sealed
    insert_instant  bigint NOT NULL,
    PRIMARY KEY (tenant_id, user_id, id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);

CREATE TABLE two_factor_codes (
    tenant_id   uuid NOT NULL,
    user_id     uuid NOT NULL,
    target      text NOT NULL,              -- what the code proves: a method's id, or a kind and its address
    code_hash   bytea NOT NULL,             -- keyed
    expiry      bigint NOT NULL,
    PRIMARY KEY (tenant_id, user_id, target),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX two_factor_codes_expiry ON two_factor_codes (expiry);
