-- How far the service's time is ahead of the real one. Services in development mode make the row and follow it; services
-- in production never look at it.

CREATE TABLE development_clock (
    only_row             boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    offset_milliseconds  bigint NOT NULL DEFAULT 0
);
