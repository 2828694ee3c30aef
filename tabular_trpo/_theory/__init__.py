"""Floor 2: what is claimed, and how a claim is decided."""
