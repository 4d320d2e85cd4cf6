"""handlers/users."""
