"""The native protocol of a connection, whatever carries its frames: a WebSocket, or requests that are polled."""
