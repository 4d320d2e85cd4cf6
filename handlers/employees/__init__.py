"""handlers/employees."""
