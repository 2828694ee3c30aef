"""Floor 0: what things are (records, numbers, linear algebra)."""
