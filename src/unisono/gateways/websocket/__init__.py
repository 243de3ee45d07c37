"""The native protocol over WebSocket, at `/v1/connect`."""
