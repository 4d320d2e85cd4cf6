"""sunshine/modules/leave."""
