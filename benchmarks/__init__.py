"""What this server costs beside others with the same endpoints. Start: benchmarks/run.py."""
