"""Bytes to commands, facts to bytes. Pure."""
