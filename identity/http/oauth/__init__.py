"""OAuth 2 and OpenID Connect on authlib's server: the protocol only; pages and forms are in `http/pages`."""
