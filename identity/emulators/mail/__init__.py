"""A mail server and a gateway for messages that deliver nothing: what they are given, they show.

It keeps the newest mails and messages in memory, bounded in number and size; they are gone when it ends.
"""
