-- What leaves the service after a commit: the outbox of webhooks, mails and messages; the webhooks, and what became of
-- their events.

CREATE TABLE outbox (
    id              uuid PRIMARY KEY,
    tenant_id       uuid REFERENCES tenants (id) ON DELETE CASCADE,
    kind            text NOT NULL,              -- webhook, mail, message, ...: who delivers it
    ordering_key    text NOT NULL,              -- parcels of one key leave one after the other
    payload         text NOT NULL,              -- sealed, but for kinds that hold nothing but an id
    queued_instant  bigint NOT NULL,
    place           integer NOT NULL DEFAULT 0, -- the order within one transaction
    tries           integer NOT NULL DEFAULT 0,
    due_instant     bigint NOT NULL,
    leased_until    bigint,                     -- somebody is delivering it; after that time anybody may
    failed_instant  bigint,                     -- given up, until it is sent again by hand
    last_failure    text
);
CREATE INDEX outbox_due ON outbox (due_instant) WHERE failed_instant IS NULL;
CREATE INDEX outbox_order ON outbox (ordering_key, queued_instant, place, id) WHERE failed_instant IS NULL;
CREATE INDEX outbox_failed ON outbox (failed_instant) WHERE failed_instant IS NOT NULL;

CREATE TABLE webhooks (
    id                      uuid PRIMARY KEY,
    url                     text NOT NULL,
    description             text,
    is_global               boolean NOT NULL DEFAULT false,
    connect_timeout         integer NOT NULL,   -- milliseconds
    read_timeout            integer NOT NULL,
    events_enabled          jsonb NOT NULL DEFAULT '{}',
    signature_enabled       boolean NOT NULL DEFAULT false,
    signing_key_id          uuid REFERENCES keys (id),
    ssl_certificate_key_id  uuid REFERENCES keys (id),
    secrets                 jsonb NOT NULL DEFAULT '{}',   -- sealed strings by name
    data                    jsonb NOT NULL DEFAULT '{}',
    insert_instant          bigint NOT NULL,
    last_update_instant     bigint NOT NULL
);

CREATE TABLE webhook_tenants (
    webhook_id  uuid NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    tenant_id   uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    PRIMARY KEY (webhook_id, tenant_id)
);
CREATE INDEX webhook_tenants_tenant ON webhook_tenants (tenant_id);

CREATE TABLE webhook_event_logs (
    id                    uuid PRIMARY KEY,     -- the event's own id
    tenant_id             uuid REFERENCES tenants (id) ON DELETE CASCADE,
    event_type            text NOT NULL,
    event                 jsonb NOT NULL,       -- as it was sent, tokens masked
    linked_object_id      uuid,
    event_result          text NOT NULL,        -- Running, Succeeded, Failed
    outstanding           integer NOT NULL,     -- webhooks that have neither got it nor been given up
    failed_attempts       integer NOT NULL DEFAULT 0,
    successful_attempts   integer NOT NULL DEFAULT 0,
    last_attempt_instant  bigint,
    insert_instant        bigint NOT NULL,
    last_update_instant   bigint NOT NULL
);
CREATE INDEX webhook_event_logs_instant ON webhook_event_logs (insert_instant);

CREATE TABLE webhook_attempt_logs (
    id                    uuid PRIMARY KEY,
    webhook_event_log_id  uuid NOT NULL REFERENCES webhook_event_logs (id) ON DELETE CASCADE,
    webhook_id            uuid NOT NULL,        -- no reference: a deleted webhook leaves its history
    url                   text NOT NULL,        -- without its query, which may hold a secret
    start_instant         bigint NOT NULL,
    end_instant           bigint NOT NULL,
    status_code           integer,
    exception             text,
    attempt_result        text NOT NULL         -- Success, Failure
);
CREATE INDEX webhook_attempt_logs_event ON webhook_attempt_logs (webhook_event_log_id, start_instant);
