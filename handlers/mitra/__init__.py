"""handlers/mitra."""
