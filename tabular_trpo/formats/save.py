"""Write a model to a file: whole, or not at all."""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tabular_trpo.core.arguments import typed
from tabular_trpo.core.errors import InvalidMDPError, LimitError
from tabular_trpo.core.mdp import MDP
from tabular_trpo.formats.encode import dumps, to_document
from tabular_trpo.formats.limits import MOST_BYTES
from tabular_trpo.formats.report import Fault, problem


@typed
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
        fault = Fault("file_size", f"would have {len(data):,} bytes", f"at most {MOST_BYTES:,}")
        raise LimitError(problem(str(path), (), fault))
    if os.fspath(path) == "-":
        raise _unwritable(path, "only reading takes -", "Name a file")
    try:
        _replace(Path(path).resolve(), data)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise _unwritable(path, reason, "") from None


def _unwritable(path: str | os.PathLike[str], reason: str, cure: str) -> InvalidMDPError:
    fault = Fault("file", f"cannot be written: {reason}", "the name of a writable file", cure)
    return InvalidMDPError(problem(str(path), (), fault))


def _replace(path: Path, data: bytes) -> None:
    """Write beside the file, then rename: readers see the old file or the new one."""
    if path.exists() and not path.is_file():
        raise OSError("there is something there that is no ordinary file")
    beside = path.with_name(f".{path.name[:100]}.{secrets.token_hex(6)}.tmp")
    try:
        with beside.open("xb") as file:  # "x": never into a file, or through a link, that is there
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            beside.chmod(path.stat().st_mode & 0o7777)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
