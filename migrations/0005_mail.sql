-- Templates of mails and messages, and the gateways that carry messages to phones. All of them belong to no tenant.

CREATE TABLE email_templates (
    id                        uuid PRIMARY KEY,
    name                      text NOT NULL UNIQUE,
    from_email                text,
    default_from_name         text,
    default_subject           text NOT NULL,
    default_text_template     text NOT NULL,
    default_html_template     text NOT NULL,
    localized_from_names      jsonb NOT NULL DEFAULT '{}',
    localized_subjects        jsonb NOT NULL DEFAULT '{}',
    localized_text_templates  jsonb NOT NULL DEFAULT '{}',
    localized_html_templates  jsonb NOT NULL DEFAULT '{}',
    insert_instant            bigint NOT NULL,
    last_update_instant       bigint NOT NULL
);

CREATE TABLE message_templates (
    id                   uuid PRIMARY KEY,
    name                 text NOT NULL UNIQUE,
    default_template     text NOT NULL,
    localized_templates  jsonb NOT NULL DEFAULT '{}',
    data                 jsonb NOT NULL DEFAULT '{}',
    insert_instant       bigint NOT NULL,
    last_update_instant  bigint NOT NULL
);

CREATE TABLE messengers (
    id                   uuid PRIMARY KEY,
    name                 text NOT NULL UNIQUE,
    url                  text NOT NULL,
    settings             jsonb NOT NULL,
    sealed               text NOT NULL,                 -- its secret members
    data                 jsonb NOT NULL DEFAULT '{}',
    insert_instant       bigint NOT NULL,
    last_update_instant  bigint NOT NULL
);
