"""Unisono: a realtime messaging server in which one user has many live sessions."""

__version__ = "0.1.0"
