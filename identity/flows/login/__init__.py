"""Logins from knock to tokens: the doors, the two commits, what a login leaves in logs and traces."""
