"""String enumerations whose members print as their strings."""

from enum import StrEnum


class PlainStrEnum(StrEnum):
    """Abstract base of the enumerations; a member equals its string and also has its `repr`."""

    __repr__ = str.__repr__
