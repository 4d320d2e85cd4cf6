"""handlers/tickets."""
