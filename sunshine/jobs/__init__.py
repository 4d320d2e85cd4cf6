"""sunshine/jobs."""
