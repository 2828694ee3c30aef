"""Runs kept in a folder, so that a comparison that was interrupted continues where it stopped.

Each finished run is a file of its own, written at once and complete or not at all; its name holds a
hash of all that the run depends on: the model, the environment, the method, the seed, the steps,
the settings and the version of the package.  A run whose file is there is read and not repeated, so
the output is the same as without a folder.
"""

import hashlib
import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

import tabular_trpo
from tabular_trpo._app.shared.files import save, slug
from tabular_trpo._core.errors import InvalidMDPError, invalid
from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.nearest import nearest
from tabular_trpo._core.numbers import Array, is_sparse
from tabular_trpo._sampled import comparison
from tabular_trpo._sampled.comparison import Curve
from tabular_trpo._sampled.live import Registered
from tabular_trpo._sampled.methods import Settings

ARRAYS = ("steps", "eta", "mean_kl")
CURE = "Name another folder for --runs"


def saved_run(
    folder: str | None,
    title: str,
    mdp: MDP,
    name: str,
    seed: int,
    budget: int,
    settings: Settings,
    live: Registered | None,
) -> Curve:
    """Return the result of `comparison.run`, from its file if that exists, else computed and saved.

    folder: of the files; None to save nothing
    title:  the name of the model, for the name of the file
    raises: InvalidMDPError for a file that cannot be read or written; as `comparison.run`
    """
    if folder is None:
        return comparison.run(mdp, name, seed, budget, settings, live)
    key = _key(mdp, name, seed, budget, settings, live)
    digest = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()[:16]
    stem = slug(title, "[^A-Za-z0-9.]", "_", 40)
    path = Path(folder) / f"{stem}-{name}-{seed}-{digest}.json"
    if path.exists():
        return _read(path)
    curve = comparison.run(mdp, name, seed, budget, settings, live)
    found = {array: _numbers(getattr(curve, array)) for array in ARRAYS}
    save(path.parent, path.name, {"run": key, **found, "fell": curve.fell})
    return curve


def _key(
    mdp: MDP, name: str, seed: int, budget: int, settings: Settings, live: Registered | None
) -> dict[str, Any]:
    """Return all that a run depends on."""
    tables = [mdp.P, mdp.r if mdp.r_next is None else mdp.r_next, mdp.rho0, mdp.mask]
    return {
        "version": tabular_trpo.__version__,
        "model": [_hash(table) for table in tables] + [nearest(mdp.gamma).hex()],
        "live": None if live is None else [live.name, repr(live.options)],
        "method": name,
        "seed": seed,
        "steps": budget,
        "settings": asdict(settings),
    }


def _hash(table: Any) -> str:
    """Return a hash of the entries of an array."""
    parts = (table.data, table.indices, table.indptr) if is_sparse(table) else (table,)
    whole = hashlib.sha256()
    for part in parts:
        whole.update(np.ascontiguousarray(part).tobytes())
    return whole.hexdigest()[:16]


def _numbers(values: Array) -> list[float | None]:
    """Return numbers for JSON, None for an infinite one."""
    return [x if math.isfinite(x) else None for x in np.asarray(values).tolist()]


def _read(path: Path) -> Curve:
    """Return a run from its file."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        steps, eta, mean_kl = (
            np.array([math.inf if x is None else x for x in document[array]]) for array in ARRAYS
        )
        fell = int(document["fell"])
        if not len(steps) == len(eta) == len(mean_kl) + 1:
            raise ValueError("its lists have other lengths")
    except OSError as error:
        raise InvalidMDPError.of(
            "file", str(path), f"cannot be read: {error.strerror}", "a readable file", CURE
        ) from None
    except (ValueError, KeyError, TypeError) as error:
        got = f"is no run: {type(error).__name__}: {error}"
        raise invalid("file", str(path), got, "a file that --runs wrote", "Delete it") from None
    return Curve(steps, eta, fell, mean_kl)
