"""The frames of LeanCloud's clients to commands, facts to frames. Pure."""
