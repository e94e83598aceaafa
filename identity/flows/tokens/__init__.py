"""Refresh tokens and access tokens after the login: refresh, revoke, issue, and the events of that."""
