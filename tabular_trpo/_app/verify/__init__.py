"""The command `verify`: decide every theorem on every model."""
