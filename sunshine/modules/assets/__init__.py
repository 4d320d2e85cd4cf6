"""sunshine/modules/assets."""
