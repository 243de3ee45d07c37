"""The native protocol over long polling, for those behind proxies that let no WebSocket through."""
