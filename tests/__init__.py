"""One folder per module, one file per endpoint; fixtures and the cast are in conftest.py."""
