"""Families on a line or a ring: chain, ring, river swim, combination lock, random walk.

Each docstring states a value in closed form, which the tests verify.  If all arguments are exact
(int, Fraction, "9/10") the model is rational; if any is a float the model is in floats.
"""

from collections.abc import Sequence

import numpy as np

from tabular_trpo._core.indices import read_indices
from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.memory import guard
from tabular_trpo._core.public import public
from tabular_trpo._families.arguments import (
    BYTES_A_PAIR,
    Number,
    between,
    common_numbers,
    size,
    state_count,
)
from tabular_trpo._families.arms import Arm, assemble


@public
def chain(n: int, gamma: Number, slip: Number = 0, layout: str = "dense") -> MDP:
    """Return a chain of n states that starts at the left end; "right" at the right end pays 1.

    With slip = 0 the policy that always goes right has V(s) = gamma^(n-1-s) / (1 - gamma).

    n:      number of states
    gamma:  discount in [0, 1), as all numbers a float or an exact number such as "9/10"
    slip:   probability that the step goes the other way (at an end: stays)
    layout: "dense", or "csr" in floats
    return: S = n, A = 2 ("left", "right")
    raises: InvalidMDPError for a number out of range, MemoryGuardError for a model too large

    >>> chain(2, "1/2").r[:, 1]
    array([Fraction(0, 1), Fraction(1, 1)], dtype=object)
    """
    states = np.arange(state_count("n", n, 1))
    gamma, slip = common_numbers(gamma=gamma, slip=slip)
    between("slip", slip, 0, 1)
    left, right = np.maximum(states - 1, 0), np.minimum(states + 1, n - 1)
    prize = (states == n - 1).astype(int)
    arms = [
        Arm(0, left, 1 - slip),
        Arm(0, right, slip),
        Arm(1, right, 1 - slip, prize),
        Arm(1, left, slip, prize),
    ]
    return assemble(arms, [f"s{i}" for i in states], ["left", "right"], gamma, layout=layout)


@public
def ring(n: int, gamma: Number, layout: str = "dense") -> MDP:
    """Return a deterministic, periodic ring of n states; each step from the start state pays 1.

    The policy that always goes clockwise has V(s) = gamma^k / (1 - gamma^n), where
    k = (n - s) mod n is the number of steps to the start.

    gamma:  discount in [0, 1), a float or an exact number such as "9/10"
    layout: "dense", or "csr" in floats
    return: S = n, A = 2 ("clockwise", "counter")
    raises: InvalidMDPError for a number out of range, MemoryGuardError for a model too large

    >>> ring(3, 0.5).P[2, 0]
    array([1., 0., 0.])
    """
    states = np.arange(state_count("n", n, 1))
    (gamma,) = common_numbers(gamma=gamma)
    prize = (states == 0).astype(int)
    arms = [Arm(0, (states + 1) % n, 1, prize), Arm(1, (states - 1) % n, 1, prize)]
    names = [f"s{i}" for i in states]
    return assemble(arms, names, ["clockwise", "counter"], gamma, layout=layout)


@public
def river_swim(
    n: int,
    gamma: Number,
    forward: Number = "3/5",
    back: Number = "1/10",
    drift_pay: Number = "1/50",
    layout: str = "dense",
) -> MDP:
    """Return the RiverSwim chain: "left" is certain and pays little, "right" is slow and pays 1.

    "right" moves right with probability `forward` and left with `back`, else it stays; it cannot
    move left from the first state or right from the last, where it pays 1.  "left" moves left and
    pays `drift_pay` at the first state: always "left" has V(s) = gamma^s drift_pay / (1 - gamma).
    After Strehl and Littman (2008), "An analysis of model-based interval estimation for Markov
    decision processes".

    n:      number of states, at least 2
    gamma:  discount in [0, 1), as all numbers a float or an exact number such as "9/10"
    layout: "dense", or "csr" in floats
    return: S = n, A = 2 ("left", "right")
    raises: InvalidMDPError for a number out of range, MemoryGuardError for a model too large

    >>> river_swim(3, "9/10").P[1, 1]
    array([Fraction(1, 10), Fraction(3, 10), Fraction(3, 5)], dtype=object)
    """
    states = np.arange(state_count("n", n, 2))
    gamma, forward, back, drift_pay = common_numbers(
        gamma=gamma, forward=forward, back=back, drift_pay=drift_pay
    )
    between("forward", forward, 0, 1)
    between("back", back, 0, 1 - forward)
    ahead = np.where(states == n - 1, 0, forward)
    behind = np.where(states == 0, 0, back)
    prize = (states == n - 1).astype(int)
    left = np.maximum(states - 1, 0)
    arms = [
        Arm(0, left, 1, np.where(states == 0, drift_pay, 0)),
        Arm(1, np.minimum(states + 1, n - 1), ahead, prize),
        Arm(1, left, behind, prize),
        Arm(1, states, 1 - ahead - behind, prize),
    ]
    names = [f"bank{i}" for i in states]
    return assemble(arms, names, ["left", "right"], gamma, layout=layout)


@public
def combination_lock(
    n: int,
    gamma: Number,
    n_actions: int = 2,
    code: Sequence[int] | None = None,
    layout: str = "dense",
) -> MDP:
    """Return a lock of n dials: one action leads to the next dial, all others to the first.

    The correct action at the last dial pays 1 and leads to the absorbing state "open".  The policy
    that always takes the correct action has V(dial k) = gamma^(n-1-k).

    gamma:  discount in [0, 1), a float or an exact number such as "9/10"
    code:   the n correct action indices; None for k mod n_actions at dial k
    layout: "dense", or "csr" in floats
    return: S = n + 1 (the last is "open" and absorbs), A = n_actions
    raises: InvalidMDPError for a number out of range, MemoryGuardError for a model too large

    >>> combination_lock(2, 0.5).r
    array([[0., 0.], [0., 1.], [0., 0.]])
    """
    states = np.arange(state_count("n", n, 1) + 1)
    pairs = len(states) * size("n_actions", n_actions, 1)
    guard(pairs * BYTES_A_PAIR, f"a lock with n_actions = {n_actions:,}", "Choose fewer actions")
    (gamma,) = common_numbers(gamma=gamma)
    right = np.arange(n) % n_actions
    if code is not None:
        right = read_indices("code", code, n_actions, f"{n} action indices below {n_actions}", (n,))
    arms = []
    for action in range(n_actions):
        hit = np.append(right == action, False)
        target = np.where(hit, states + 1, np.where(states == n, n, 0))
        arms.append(Arm(action, target, 1, (hit & (states == n - 1)).astype(int)))
    names = [*(f"dial{i}" for i in range(n)), "open"]
    return assemble(arms, names, [f"turn{i}" for i in range(n_actions)], gamma, layout=layout)


@public
def walk(n: int, gamma: Number, layout: str = "dense") -> MDP:
    """Return a random walk on 2n + 1 states, started in the middle; reaching the right end pays 1.

    From the middle a step goes right with probability p, else left; elsewhere it goes outwards or
    back to the middle with probability 1/2 each; both ends are absorbing.  With b = gamma/2 and
    s = b + ... + b^(n-1), V(middle) = p gamma b^(n-2) / 2 / (1 - gamma s) for n >= 2.  This tends
    to p as gamma -> 1, but value iteration needs about 2^n steps to approach it.  After Haddad and
    Monmege (2018), "Interval iteration algorithm for MDPs and IMDPs".

    gamma:  discount in [0, 1), a float or an exact number such as "9/10"
    layout: "dense", or "csr" in floats
    return: S = 2n + 1, A = 2 ("walk": p = 1/2; "lean": p = 3/4)
    raises: InvalidMDPError for a number out of range, MemoryGuardError for a model too large

    >>> walk(1, "1/2").r[1]
    array([Fraction(1, 2), Fraction(3, 4)], dtype=object)
    """
    states = np.arange(2 * state_count("n", n, 1) + 1)
    gamma, half, leaning = common_numbers(gamma=gamma, half="1/2", leaning="3/4")
    end = (states == 0) | (states == 2 * n)
    outward = np.where(end, states, np.where(states < n, states - 1, states + 1))
    inward = np.where(end, states, np.where(states == n, n - 1, n))
    arms = []
    for action, p in enumerate((half, leaning)):
        out = np.where(states == n, p, half)
        arms += [Arm(action, outward, out, (outward == 2 * n) & ~end), Arm(action, inward, 1 - out)]
    names = [
        *(f"left{i}" for i in range(n, 0, -1)), "middle", *(f"right{i}" for i in range(1, n + 1)),
    ]  # fmt: skip
    return assemble(arms, names, ["walk", "lean"], gamma, start=n, layout=layout)
