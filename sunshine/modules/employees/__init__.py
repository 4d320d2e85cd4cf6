"""sunshine/modules/employees."""
