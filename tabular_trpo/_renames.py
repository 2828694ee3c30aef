"""Renamed public names: the old ones work until version 1.0, with a DeprecationWarning."""

RENAMED: dict[str, dict[str, str]] = {}
