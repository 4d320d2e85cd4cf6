"""handlers/attendance."""
