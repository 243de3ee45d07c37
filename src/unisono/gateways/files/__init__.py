"""The door for files: bytes in by PUT, bytes out by GET."""
