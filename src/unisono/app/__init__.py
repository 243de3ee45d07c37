"""The use cases: what the server does, in the order that keeps the promises. Knows ports, never drivers."""
