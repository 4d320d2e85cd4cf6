"""sunshine/formats."""
