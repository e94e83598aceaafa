"""OAuth 2 and OpenID Connect behind any front end: codes, tokens, userinfo and introspection."""
