"""User actions: definitions, taking and ending them, and what they do to sessions."""
