"""The company's rules and the kernel under them. Map of the house: docs/architecture.md."""

__version__ = "0.1.0"
