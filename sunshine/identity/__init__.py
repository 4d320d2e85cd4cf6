"""sunshine/identity."""
