"""handlers/leave."""
