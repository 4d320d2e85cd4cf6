"""sunshine/modules/freelance."""
