"""The door for Rocket.Chat's REST clients: the same users, logins and rules under the bodies that they expect."""
