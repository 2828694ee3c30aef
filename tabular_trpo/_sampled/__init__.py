"""Floor 4: what can be estimated; a model is played, and the same steps take the estimates."""
