"""Floor 5: how people reach it (the command line and its reports)."""
