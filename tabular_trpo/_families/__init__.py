"""Where models come from: random ones, named ones, and the worst cases of the theory."""
