"""REST for operators: sessions and revocations under an admin key, and how the node is."""
