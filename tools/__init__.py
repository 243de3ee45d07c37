"""The repository's own checks and chores. Each is a module one can run: `python -m tools.sizes`."""
