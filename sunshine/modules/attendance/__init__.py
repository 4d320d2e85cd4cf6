"""sunshine/modules/attendance."""
