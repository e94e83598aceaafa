"""The Rocket.Chat door: what its clients ask for, on top of the logins and second factors that every door has."""
