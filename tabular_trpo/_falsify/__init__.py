"""Floor 3: hunting counterexamples, and screening many pairs at once."""
