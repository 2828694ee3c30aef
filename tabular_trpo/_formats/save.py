"""Write a model to a file: whole, or not at all."""

import os
from collections.abc import Mapping
from typing import Any

from tabular_trpo._core.errors import LimitError, Problem
from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.public import public
from tabular_trpo._formats.atomic_write import unwritable, write_atomically
from tabular_trpo._formats.encode import dumps, to_document
from tabular_trpo._formats.limits import MOST_BYTES


@public
def write(
    mdp: MDP,
    path: str | os.PathLike[str],
    policies: Mapping[str, Any] | None = None,
    why: str = "",
    expected: Mapping[str, Any] | None = None,
) -> None:
    """Write a model to a `*.mdp.json` file from which `read` makes an equal one.

    A file that is there is replaced in one step once the new one is complete; when anything fails
    it is left alone.

    raises: as `to_document`; InvalidMDPError where the file cannot be written;
            LimitError where it would be larger than `read` accepts
    """
    data = dumps(to_document(mdp, policies, why, expected)).encode("utf-8")
    if len(data) > MOST_BYTES:
        got = f"would have {len(data):,} bytes"
        raise LimitError(Problem("file_size", str(path), got, f"at most {MOST_BYTES:,}"))
    if os.fspath(path) == "-":
        raise unwritable(path, ValueError("only reading takes -"), "Name a file")
    write_atomically(path, data)
