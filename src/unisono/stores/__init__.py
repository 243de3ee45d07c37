"""Where facts, conversations and sessions are kept."""
