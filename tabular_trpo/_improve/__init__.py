"""Floor 3: how policies move; each step is a function of a `Surrogate` and returns a `Step`."""
