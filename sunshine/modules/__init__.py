"""sunshine/modules."""
