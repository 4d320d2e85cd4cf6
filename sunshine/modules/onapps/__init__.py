"""sunshine/modules/onapps."""
