-- Counters of what may be done so often in a while, and reading login records by time.

CREATE TABLE rate_limits (
    key   bytea PRIMARY KEY,          -- a digest of what is limited, for whom
    uses  integer NOT NULL,
    ends  bigint NOT NULL             -- the window began with its first use; from here on a new one does
) WITH (fillfactor = 85);
CREATE INDEX rate_limits_ends ON rate_limits (ends);

CREATE INDEX login_records_instant ON login_records (instant, id);
