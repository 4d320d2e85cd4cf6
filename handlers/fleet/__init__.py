"""handlers/fleet."""
