"""The hosted login: what carries a person from page to page, and the sessions of their browsers."""
