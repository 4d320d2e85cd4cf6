"""Click's groups, one file per topic. Modules import what is slow inside their commands."""
