"""Floor 1: what is true (evaluation, optimality, divergences, proved error bounds)."""
