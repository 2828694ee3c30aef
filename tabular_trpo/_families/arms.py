"""Models assembled from arms; an arm is one outcome of one action, for all states.

Problem: define a family once for rational, float and sparse models.  Method: a family is a short
list of arms, each with a probability, a next state and a reward for every state; `assemble` sums
them to P(s'|s, a) and r(s, a).
"""

from collections.abc import Iterable, Sequence
from typing import final

import numpy as np
import scipy.sparse as sp

from tabular_trpo._core.build import guard_dense
from tabular_trpo._core.errors import invalid
from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.numbers import Array, Scalar, shown, zeros
from tabular_trpo._core.records import locked_dataclass
from tabular_trpo._families.arguments import is_exact


@final
@locked_dataclass(frozen=True)
class Arm:
    """An outcome of an action: from each state s it leads to `target[s]` with probability p[s].

    action: index of the action
    target: (S,) indices of the next states
    p:      (S,) or one number, probabilities; arms of the same s, a and next state are added
    r:      (S,) or one number, rewards paid with this outcome
    """

    action: int
    target: Array
    p: Array | Scalar
    r: Array | Scalar = 0


def assemble(
    arms: Iterable[Arm],
    state_names: Sequence[str],
    action_names: Sequence[str],
    gamma: Scalar,
    start: int = 0,
    allowed: Array | None = None,
    layout: str = "dense",
) -> MDP:
    """Return the MDP whose transitions and rewards are sums over the arms.

    P(s'|s, a) is the sum of p over the arms of a with next state s', and r(s, a) the sum of p r
    over the arms of a.

    start:   index of the start state
    allowed: (S, A) bool; arms of disallowed (s, a) are ignored; None allows all
    layout:  "dense", or "csr" for floats only
    raises:  InvalidMDPError for another layout, MemoryGuardError for tables too large for memory

    >>> arms = [Arm(0, np.array([1, 1]), 1, np.array([5, 0]))]
    >>> assemble(arms, ["on", "off"], ["press"], 0.5).r
    array([[5.], [0.]])
    """
    n_states, n_actions = len(state_names), len(action_names)
    rational = is_exact(gamma)
    check_layout(layout, rational)
    everywhere = np.ones(n_states, dtype=bool)
    states = np.arange(n_states)
    r = zeros((n_states, n_actions), rational)
    if layout == "dense":
        guard_dense(n_states, n_actions, rational)
    P = zeros((n_states, n_actions, n_states), rational) if layout == "dense" else None
    entries: list[tuple[Array, Array, Array]] = []
    for arm in arms:
        live = everywhere if allowed is None else allowed[:, arm.action]
        p = (zeros((n_states,), rational) + arm.p)[live]
        s, t = states[live], arm.target[live]
        r[s, arm.action] += p * (zeros((n_states,), rational) + arm.r)[live]
        if P is None:
            entries.append((s * n_actions + arm.action, t, p))
        else:
            P[s, arm.action, t] += p  # no index repeats: an arm has each s once
    rho0 = zeros((n_states,), rational)
    rho0[start] += 1
    names = (state_names, action_names)
    if P is not None:
        return MDP(P, r, rho0, gamma, allowed, *names)
    row, column, data = (np.concatenate(part) for part in zip(*entries, strict=True))
    sparse = sp.csr_array((data, (row, column)), shape=(n_states * n_actions, n_states))
    return MDP(sparse, r, rho0, gamma, allowed, *names)


def check_layout(layout: str, rational: bool) -> None:
    """Raise InvalidMDPError unless `layout` is "dense", or "csr" for a model in floats."""
    if layout not in ("dense", "csr"):
        raise invalid("layout", "layout", f"= {shown(layout)}", '"dense" or "csr"')
    if layout == "csr" and rational:
        cure = "Give gamma as a float"
        got = "was asked for with exact arguments"
        raise invalid("layout", 'layout "csr"', got, "the float arithmetic", cure)
