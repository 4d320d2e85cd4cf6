"""sunshine/live."""
