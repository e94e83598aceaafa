-- Counters of what may be done so often in a while; wrong guesses; reading login records by time.

CREATE TABLE rate_limits (
    key   bytea PRIMARY KEY,          -- a digest of what is limited, for whom
    uses  integer NOT NULL,
    ends  bigint NOT NULL             -- the window began with its first use; from here on a new one does
) WITH (fillfactor = 85);
CREATE INDEX rate_limits_ends ON rate_limits (ends);

CREATE INDEX login_records_instant ON login_records (instant, id);

-- Guesses at login ids that nobody has are counted like all others, so that both cost the same: the user may not exist.
ALTER TABLE login_failures
    DROP CONSTRAINT login_failures_tenant_id_user_id_fkey,
    ADD COLUMN code_failures       integer NOT NULL DEFAULT 0,
    ADD COLUMN first_code_instant  bigint NOT NULL DEFAULT 0,
    ADD COLUMN last_instant        bigint NOT NULL DEFAULT 0;
CREATE INDEX login_failures_last_instant ON login_failures (last_instant);

CREATE INDEX spent_refresh_tokens_instant ON spent_refresh_tokens (spent_instant);
