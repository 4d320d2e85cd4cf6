"""handlers/cms."""
