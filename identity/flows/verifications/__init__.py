"""Verification of e-mail addresses and registrations: begin, resend, verify, and what it means for a login."""
