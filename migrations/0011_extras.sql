-- What few users have, read in one call and only for those who ever had any of it: a login of everybody else does not
-- pay for it. The triggers set the mark, whoever inserts the row; nothing takes it back.

ALTER TABLE users ADD COLUMN has_extras boolean NOT NULL DEFAULT false;

CREATE FUNCTION mark_extras() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE users SET has_extras = true WHERE tenant_id = NEW.tenant_id AND id = NEW.user_id AND NOT has_extras;
    RETURN NULL;
END
$$;

CREATE FUNCTION mark_actionee() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE users SET has_extras = true WHERE tenant_id = NEW.tenant_id AND id = NEW.actionee_user_id AND NOT has_extras;
    RETURN NULL;
END
$$;

CREATE TRIGGER has_extras AFTER INSERT ON group_members FOR EACH ROW EXECUTE FUNCTION mark_extras();
CREATE TRIGGER has_extras AFTER INSERT ON login_failures FOR EACH ROW EXECUTE FUNCTION mark_extras();
CREATE TRIGGER has_extras AFTER INSERT ON two_factor_methods FOR EACH ROW EXECUTE FUNCTION mark_extras();
CREATE TRIGGER has_extras AFTER INSERT ON user_action_logs FOR EACH ROW EXECUTE FUNCTION mark_actionee();

-- plpgsql keeps the plans of a session; a caller asks only where has_extras says so.
CREATE FUNCTION user_extras(tenant uuid, person uuid) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN jsonb_build_object(
        'actions', (
            SELECT jsonb_agg(jsonb_build_object(
                'id', a.id, 'actioner_user_id', a.actioner_user_id, 'application_ids', a.application_ids,
                'expiry', a.expiry, 'name', a.name, 'localized_name', a.localized_name, 'option', a.option,
                'localized_option', a.localized_option, 'reason', a.reason, 'localized_reason', a.localized_reason,
                'reason_code', a.reason_code) ORDER BY a.insert_instant, a.id)
            FROM user_action_logs a
            WHERE a.tenant_id = tenant AND a.actionee_user_id = person AND a.prevents_login AND NOT a.ended),
        'locked_until', (
            SELECT f.locked_until FROM login_failures f WHERE f.tenant_id = tenant AND f.user_id = person),
        'memberships', (
            SELECT jsonb_agg(jsonb_build_object(
                'id', m.id, 'group_id', m.group_id, 'data', m.data, 'insert_instant', m.insert_instant, 'roles', (
                    SELECT jsonb_agg(jsonb_build_array(r.application_id, r.name))
                    FROM group_roles g JOIN application_roles r ON r.tenant_id = g.tenant_id AND r.id = g.role_id
                    WHERE g.tenant_id = m.tenant_id AND g.group_id = m.group_id))
                ORDER BY m.insert_instant, m.group_id)
            FROM group_members m WHERE m.tenant_id = tenant AND m.user_id = person),
        'methods', (
            SELECT jsonb_agg(jsonb_build_object(
                'id', m.id, 'method', m.method, 'email', m.email, 'mobile_phone', m.mobile_phone,
                'last_used', m.last_used, 'name', m.name, 'authenticator', m.authenticator) ORDER BY m.insert_instant, m.id)
            FROM two_factor_methods m WHERE m.tenant_id = tenant AND m.user_id = person));
END
$$;
