"""The native protocol within another program's ASGI server: WebSocket and long polling."""
