"""Users, registrations and groups on behalf of administrators: create, change, import, deactivate, delete."""
