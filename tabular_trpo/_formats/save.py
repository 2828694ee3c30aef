"""Writing a model file, complete or not at all."""

import os
from collections.abc import Mapping

from tabular_trpo._core.errors import LimitError
from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.public import public
from tabular_trpo._formats.atomic_write import unwritable, write_atomically
from tabular_trpo._formats.encode import dumps, to_document
from tabular_trpo._formats.limits import MOST_BYTES


@public
def write(
    mdp: MDP,
    path: str | os.PathLike[str],
    policies: Mapping[str, object] | None = None,
    why: str = "",
    expected: Mapping[str, object] | None = None,
) -> None:
    """Write a model to a `*.mdp.json` file from which `read` makes an equal one.

    An existing file is replaced in one step once the new one is complete; when anything fails it
    stays as it was.

    policies: {name: (S, A)} in the arithmetic of the model
    why:      a text: what the model is for
    expected: {name: value}, see docs/formats.md
    raises:   InvalidMDPError where the file cannot be written, for a batch, and for a name or a
              policy that no file can hold; LimitError for a longer number or a larger file than
              `read` accepts

    >>> import tempfile
    >>> from tabular_trpo.formats import read
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write(MDP([[["1"]]], [["2/3"]], ["1"], "1/2"), f"{folder}/one.mdp.json")
    ...     read(f"{folder}/one.mdp.json").r
    array([[Fraction(2, 3)]], dtype=object)
    """
    data = dumps(to_document(mdp, policies, why, expected)).encode("utf-8")
    if len(data) > MOST_BYTES:
        got = f"would have {len(data):,} bytes"
        raise LimitError.of("file_size", str(path), got, f"at most {MOST_BYTES:,}")
    if os.fspath(path) == "-":
        raise unwritable(path, ValueError("only reading takes -"), "Name a file")
    write_atomically(path, data)
