-- User actions: their definitions and the reasons to choose from, of all tenants.

CREATE TABLE user_actions (
    id                          uuid PRIMARY KEY,
    name                        text NOT NULL CONSTRAINT user_actions_name UNIQUE,
    active                      boolean NOT NULL DEFAULT true,
    temporal                    boolean NOT NULL,
    prevent_login               boolean NOT NULL CHECK (temporal OR NOT prevent_login),
    send_end_event              boolean NOT NULL,
    transaction_type            text NOT NULL,  -- how many webhooks must agree to a user.action event
    user_emailing_enabled       boolean NOT NULL,
    user_notifications_enabled  boolean NOT NULL,
    include_email_in_event_json boolean NOT NULL,
    start_email_template_id     uuid,
    modify_email_template_id    uuid,
    cancel_email_template_id    uuid,
    end_email_template_id       uuid,
    localized_names             jsonb NOT NULL,  -- language -> name
    options                     jsonb NOT NULL,  -- [{name, localized_names}]
    insert_instant              bigint NOT NULL,
    last_update_instant         bigint NOT NULL
);

CREATE TABLE user_action_reasons (
    id                   uuid PRIMARY KEY,
    code                 text NOT NULL CONSTRAINT user_action_reasons_code UNIQUE,
    text                 text NOT NULL CONSTRAINT user_action_reasons_text UNIQUE,
    localized_texts      jsonb NOT NULL,
    insert_instant       bigint NOT NULL,
    last_update_instant  bigint NOT NULL
);

-- What was done to users: the rest of the log, beside the columns that a login reads (0002).
ALTER TABLE user_action_logs
    ADD COLUMN temporal boolean NOT NULL DEFAULT true,
    ADD COLUMN comment text,
    ADD COLUMN email_user_on_end boolean NOT NULL DEFAULT false,
    ADD COLUMN notify_user_on_end boolean NOT NULL DEFAULT false,
    ADD COLUMN end_event_sent boolean NOT NULL DEFAULT false,
    ADD COLUMN history jsonb NOT NULL DEFAULT '[]',  -- [{actioner_user_id, comment, create_instant, expiry}], oldest first
    DROP COLUMN settings,
    ADD CONSTRAINT user_action_logs_action FOREIGN KEY (user_action_id) REFERENCES user_actions (id) ON DELETE CASCADE;
CREATE INDEX user_action_logs_user ON user_action_logs (tenant_id, actionee_user_id, insert_instant);
CREATE INDEX user_action_logs_action ON user_action_logs (user_action_id);
CREATE INDEX user_action_logs_due ON user_action_logs (expiry) WHERE temporal AND NOT ended AND expiry IS NOT NULL;
