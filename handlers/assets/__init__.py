"""handlers/assets."""
