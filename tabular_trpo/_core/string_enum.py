"""String enumerations whose members print as their strings."""

from enum import StrEnum


class PlainStrEnum(StrEnum):
    """Abstract base of the enumerations; a member equals its string and also has its `repr`."""

    def __repr__(self) -> str:
        """Return the `repr` of the string."""
        return repr(self.value)
