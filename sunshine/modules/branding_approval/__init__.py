"""sunshine/modules/branding_approval."""
