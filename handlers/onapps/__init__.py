"""handlers/onapps."""
