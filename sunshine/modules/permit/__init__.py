"""sunshine/modules/permit."""
