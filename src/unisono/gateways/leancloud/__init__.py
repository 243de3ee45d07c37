"""The protocol of LeanCloud's realtime clients over WebSocket, at `/` and `/leancloud`."""
