"""sunshine/modules/fleet."""
