"""sunshine/web/server."""
