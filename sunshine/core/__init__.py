"""sunshine/core."""
