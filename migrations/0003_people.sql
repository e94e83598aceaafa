-- Groups with their roles and members; what a search of users walks along.

ALTER TABLE application_roles ADD CONSTRAINT application_roles_tenant_id_id_key UNIQUE (tenant_id, id);

CREATE TABLE groups (
    tenant_id            uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    id                   uuid NOT NULL UNIQUE,
    name                 text NOT NULL,
    data                 jsonb NOT NULL DEFAULT '{}',
    insert_instant       bigint NOT NULL,
    last_update_instant  bigint NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, name)
);

CREATE TABLE group_roles (
    tenant_id  uuid NOT NULL,
    group_id   uuid NOT NULL,
    role_id    uuid NOT NULL,
    PRIMARY KEY (tenant_id, group_id, role_id),
    FOREIGN KEY (tenant_id, group_id) REFERENCES groups (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, role_id) REFERENCES application_roles (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX group_roles_role ON group_roles (tenant_id, role_id);

CREATE TABLE group_members (
    tenant_id       uuid NOT NULL,
    id              uuid NOT NULL UNIQUE,
    group_id        uuid NOT NULL,
    user_id         uuid NOT NULL,
    data            jsonb NOT NULL DEFAULT '{}',
    insert_instant  bigint NOT NULL,
    PRIMARY KEY (tenant_id, user_id, group_id),
    FOREIGN KEY (tenant_id, group_id) REFERENCES groups (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX group_members_group ON group_members (tenant_id, group_id, insert_instant, id);

-- A search walks along one of these from where the page before ended. What changes with a login is in none of them.
CREATE INDEX users_login ON users (tenant_id, coalesce(email_canonical, username_canonical), id);
CREATE INDEX users_insert_instant ON users (tenant_id, insert_instant, id);
CREATE INDEX users_full_name ON users (tenant_id, full_name, id);
CREATE INDEX users_birth_date ON users (tenant_id, birth_date, id);
CREATE INDEX users_lower_full_name ON users (tenant_id, lower(full_name)) WHERE full_name IS NOT NULL;
CREATE INDEX users_lower_first_name ON users (tenant_id, lower(first_name)) WHERE first_name IS NOT NULL;
CREATE INDEX users_lower_last_name ON users (tenant_id, lower(last_name)) WHERE last_name IS NOT NULL;

CREATE TABLE application_scopes (
    tenant_id                uuid NOT NULL,
    application_id           uuid NOT NULL,
    id                       uuid NOT NULL UNIQUE,
    name                     text NOT NULL,
    description              text,
    default_consent_detail   text,
    default_consent_message  text,
    required                 boolean NOT NULL DEFAULT false,
    data                     jsonb NOT NULL DEFAULT '{}',
    insert_instant           bigint NOT NULL,
    last_update_instant      bigint NOT NULL,
    PRIMARY KEY (tenant_id, application_id, name),
    FOREIGN KEY (tenant_id, application_id) REFERENCES applications (tenant_id, id) ON DELETE CASCADE
);

-- What userDeletePolicy and registrationDeletePolicy look for.
CREATE INDEX users_unverified ON users (tenant_id, insert_instant) WHERE NOT verified;
CREATE INDEX registrations_unverified ON registrations (tenant_id, application_id, insert_instant) WHERE NOT verified;
