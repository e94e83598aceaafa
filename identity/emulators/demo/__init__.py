"""An application as somebody's customer would write it: it lets people sign in through the service, and says who did.

It is an outside party: OpenID Connect by authlib, code flow with PKCE and nonce, everything found by discovery.
"""
