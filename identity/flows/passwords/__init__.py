"""Passwords after a login asked for a new one, or without a login: change, forget, replace, upgrade."""
