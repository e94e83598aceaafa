-- SSO sessions are refresh tokens without an application; housekeeping looks for those that nobody used for long.
CREATE INDEX refresh_tokens_sso ON refresh_tokens (start_instant) WHERE application_id IS NULL;
