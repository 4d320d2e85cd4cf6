"""What the company allows: verbs, their events and their statements. One file per module."""
