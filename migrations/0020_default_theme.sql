-- The theme that every installation has; it is read only, so it was never changed and has no instant of its own.
INSERT INTO themes (id, name, type, settings, insert_instant, last_update_instant)
VALUES ('75a068fd-e94b-451a-9aeb-3ddb9a3b5987', 'Default', 'advanced', '{}', 0, 0);
