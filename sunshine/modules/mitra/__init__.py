"""sunshine/modules/mitra."""
