"""Doors. Each is a codec and a gateway; none adds a rule of its own."""
