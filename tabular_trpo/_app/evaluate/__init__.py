"""The command `evaluate`: the quantities of one policy, or of two."""
