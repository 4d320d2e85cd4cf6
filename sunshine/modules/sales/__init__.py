"""sunshine/modules/sales."""
