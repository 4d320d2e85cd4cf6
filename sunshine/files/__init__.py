"""sunshine/files."""
