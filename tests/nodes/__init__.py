"""Several nodes as one registry."""
