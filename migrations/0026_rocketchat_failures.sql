-- Failed logins at the Rocket.Chat door, where its own blocking is set: one row per user and per address.
CREATE TABLE rocketchat_failures (
    key        bytea PRIMARY KEY,           -- a digest: nobody's login id or address is stored
    failures   bigint[] NOT NULL,           -- their instants since the last success, no more than can matter
    expiry     bigint NOT NULL              -- when none of them matters any more
);
CREATE INDEX rocketchat_failures_expiry ON rocketchat_failures (expiry);
