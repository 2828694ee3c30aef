"""Random models and policies in floats, drawn in batches.

All randomness comes from the argument `rng`, a numpy Generator; equal generator states give equal
results, byte by byte.
"""

from math import inf, prod

import numpy as np
import scipy.sparse as sp

from tabular_trpo._core.errors import ExactnessError, invalid
from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.memory import guard
from tabular_trpo._core.nearest import nearest
from tabular_trpo._core.numbers import Array, shown
from tabular_trpo._core.public import public
from tabular_trpo._families.arguments import Number, common_numbers, generator, size, state_count
from tabular_trpo._families.arms import check_layout


@public
def garnet(
    rng: np.random.Generator,
    n_states: int,
    n_actions: int,
    branching: int,
    gamma: Number,
    *,
    batch: tuple[int, ...] = (),
    layout: str = "dense",
) -> MDP:
    """Draw Garnet models (Archibald, McKinnon and Thomas, 1995; rewards as Bhatnagar et al., 2009).

    Each (s, a) has a uniformly random set of `branching` next states; their probabilities are the
    gaps between branching - 1 uniform cuts of [0, 1].  r(s, a) is standard
    normal; the start is uniform.

    rng:    source of all randomness
    gamma:  a number, or an array over the batch
    batch:  leading axes, () for one model
    layout: "dense", or "csr" for one large model
    return: P (*batch, S, A, S) or CSR (S*A, S)
    raises: InvalidMDPError for a size out of range, MemoryGuardError for too large tables

    >>> mdp = garnet(np.random.default_rng(0), 5, 2, 3, 0.9, batch=(4,))
    >>> mdp.batch_shape, np.unique((mdp.P > 0).sum(axis=-1))
    ((4,), array([3]))
    """
    n_states, n_actions = state_count("n_states", n_states, 1), size("n_actions", n_actions, 1)
    if size("branching", branching, 1) > n_states:
        raise invalid("size", "branching", f"= {branching}", f"at most n_states = {n_states}")
    check_layout(layout, rational=False)
    if batch and layout == "csr":
        raise invalid("layout", 'layout "csr"', f"has batch {batch}", "one model")
    rows = _models(batch) * n_states * n_actions
    if layout == "dense":
        _guard(rows, n_states)
    columns = _subsets(generator(rng), rows, n_states, branching)
    cuts = np.sort(rng.random((rows, branching - 1)), axis=1)
    p = np.diff(cuts, axis=1, prepend=0.0, append=1.0)
    r = rng.standard_normal((*batch, n_states, n_actions))
    rho0 = np.full(n_states, 1.0 / n_states)
    if layout == "csr":
        indptr = np.arange(rows + 1) * branching
        sparse = sp.csr_array((p.ravel(), columns.ravel(), indptr), shape=(rows, n_states))
        return MDP(sparse, r, rho0, _float_gamma(gamma))
    P = np.zeros((rows, n_states))
    np.put_along_axis(P, columns, p, axis=1)
    P = P.reshape(*batch, n_states, n_actions, n_states)
    return MDP(P, r, rho0, _float_gamma(gamma))


@public
def dirichlet(
    rng: np.random.Generator,
    n_states: int,
    n_actions: int,
    gamma: Number,
    *,
    concentration: float = 1.0,
    batch: tuple[int, ...] = (),
) -> MDP:
    """Draw models with symmetric Dirichlet rows of P and rho0, and standard normal r(s, a).

    rng:           source of all randomness
    concentration: 1 is uniform on the simplex, less is nearer to deterministic rows
    gamma:         a number, or an array over the batch
    batch:         leading axes, () for one model
    return:        P (*batch, S, A, S)
    raises:        InvalidMDPError for a size out of range, MemoryGuardError

    >>> dirichlet(np.random.default_rng(0), 3, 2, 0.9, batch=(10, 4)).r.shape
    (10, 4, 3, 2)
    """
    n_states, n_actions = state_count("n_states", n_states, 1), size("n_actions", n_actions, 1)
    _guard(_models(batch) * n_states * n_actions, n_states)
    weights = np.full(n_states, _concentration(concentration))
    P = generator(rng).dirichlet(weights, size=(*batch, n_states, n_actions))
    rho0 = rng.dirichlet(weights, size=batch)
    return MDP(P, rng.standard_normal((*batch, n_states, n_actions)), rho0, _float_gamma(gamma))


@public
def policy(rng: np.random.Generator, mdp: MDP, concentration: float = 1.0) -> Array:
    """Draw a policy whose rows are symmetric Dirichlet over the allowed actions.

    rng:           source of all randomness
    concentration: 1 is uniform on the simplex, less is nearer to deterministic rows
    return:        (..., S, A) floats, one policy for each model of a batch
    raises:        InvalidMDPError for another concentration, ExactnessError for a rational model

    >>> mdp = dirichlet(np.random.default_rng(0), 3, 2, 0.9)
    >>> policy(np.random.default_rng(1), mdp).shape
    (3, 2)
    """
    if mdp.arithmetic != "float":
        cure = "Convert it by mdp.to_float()"
        raise ExactnessError.of("lane", "mdp", "is rational", "a float model", cure)
    weight = _concentration(concentration)
    pi = np.zeros(mdp.r.shape)
    masks, which = np.unique(mdp.mask, axis=0, return_inverse=True)
    for i, mask in enumerate(masks):
        rows = np.flatnonzero(which.ravel() == i)
        draws = generator(rng).dirichlet(
            np.full(int(mask.sum()), weight), size=(*mdp.batch_shape, len(rows))
        )
        pi[..., rows[:, None], np.flatnonzero(mask)] = draws
    return pi


def _subsets(rng: np.random.Generator, rows: int, n: int, k: int) -> Array:
    """Draw k distinct integers below n in each row, uniform over sets (Floyd); (rows, k)."""
    chosen = np.empty((rows, k), dtype=np.int64)
    for i, top in enumerate(range(n - k, n)):
        draw = rng.integers(0, top, size=rows, endpoint=True)
        taken = (chosen[:, :i] == draw[:, None]).any(axis=1)
        chosen[:, i] = np.where(taken, top, draw)
    return chosen


def _guard(rows: int, n_states: int) -> None:
    """Raise MemoryGuardError if a dense P of shape (rows, n_states) is too large for memory."""
    cure = 'Draw fewer at a time, or one model by garnet(..., layout="csr")'
    what = f"P with {rows:,} rows (batch, n_states and n_actions) of {n_states:,}"
    guard(rows * n_states * 8, what, cure)


def _models(batch: tuple[int, ...]) -> int:
    """Return the number of models in a batch of this shape, after checking the shape."""
    sizes = [size(f"batch[{i}]", n, 1) for i, n in enumerate(batch)]
    guard(prod(sizes) * 8, f"batch = {shown(batch)}", "Draw fewer at a time")
    return prod(sizes)


def _float_gamma(gamma: Number) -> Number:
    """Return gamma as a float; an array of floats is returned unchanged."""
    if isinstance(gamma, np.ndarray) and gamma.dtype != object:
        return gamma
    return nearest(common_numbers(gamma=gamma)[0])


def _concentration(value: Number) -> float:
    """Return a concentration as a float; raise InvalidMDPError unless it is finite and > 0."""
    number = nearest(common_numbers(concentration=value)[0])
    if not 0 < number < inf:
        expected = "a finite number > 0"
        raise invalid("range", "concentration", f"= {shown(value)}", expected)
    return number
