"""Mails and messages to users: templates, queueing in the transaction that causes them, delivery."""
