"""sunshine/modules/cms."""
