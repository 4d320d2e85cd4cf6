"""sunshine/modules/users."""
