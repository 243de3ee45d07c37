"""Where push notifications go."""
