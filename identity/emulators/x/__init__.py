"""X (Twitter) as the OAuth 1.0a party, emulated: for our own tests, for `make run`, and for people testing their code.

Nothing here uses the service's signing code: the emulator judges it, so it must not share its mistakes.
"""
