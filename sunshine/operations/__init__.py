"""sunshine/operations."""
