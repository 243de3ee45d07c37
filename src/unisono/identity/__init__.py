"""Ways to know a user: signed tokens, a Python function, or plain belief on a developer's machine."""
