"""The Rocket.Chat door: which application it leads to, its tokens and its logins. No rule of a login is repeated."""
