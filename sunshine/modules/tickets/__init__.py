"""sunshine/modules/tickets."""
