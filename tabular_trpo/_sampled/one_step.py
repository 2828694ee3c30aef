"""Expectations over one transition (s, a) -> s', in either arithmetic and layout."""

import numpy as np

from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.numbers import Array, is_sparse


def expect_next(mdp: MDP, f: Array) -> Array:
    """Return E f(s') = sum_s' P(s'|s, a) f(s'), (S, A)."""
    P = mdp.P if mdp.is_sparse else mdp.P.reshape(-1, mdp.n_states)
    return np.asarray(P @ f).reshape(mdp.r.shape)


def expect_reward_times(mdp: MDP, f: Array | None, power: int = 1) -> Array:
    """Return E r(s, a, s')^power f(s'), (S, A); E r(s, a, s')^2 for f = None.

    The reward is r(s, a) where the model does not store r(s, a, s').
    """
    if mdp.r_next is None:
        return np.asarray(
            mdp.r * (mdp.r * mdp.mask if f is None else mdp.r ** (power - 1) * expect_next(mdp, f))
        )
    if f is not None and power == 2:
        f = mdp.r_next * f
    other = mdp.r_next if f is None else f
    return np.asarray((mdp.P * mdp.r_next * other).sum(axis=-1)).reshape(mdp.r.shape)


def dense_tables(mdp: MDP) -> tuple[Array, Array]:
    """Return P(s'|s, a) and the reward of each transition, dense (S, A, S) both."""
    shape = (*mdp.r.shape, mdp.n_states)
    r = mdp.r[..., None] if mdp.r_next is None else mdp.r_next
    P, r = (x.toarray().reshape(shape) if is_sparse(x) else x for x in (mdp.P, r))
    return np.asarray(P), np.broadcast_to(r, shape)
