"""Pages that people see in their browsers."""
