"""Floor 3.  Files `*.mdp.json`, in and out, without loss and without trust: docs/formats.md."""

from tabular_trpo.formats.document import Document, from_document, load, read
from tabular_trpo.formats.encode import dumps, to_document
from tabular_trpo.formats.gym import from_gym, tabular_policy, to_gym
from tabular_trpo.formats.save import write

__all__ = [
    "Document",
    "dumps",
    "from_document",
    "from_gym",
    "load",
    "read",
    "tabular_policy",
    "to_document",
    "to_gym",
    "write",
]
