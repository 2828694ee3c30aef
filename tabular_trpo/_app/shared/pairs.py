"""Pairs (pi, pi_new) that theorems are judged on: from the policies of a file, or generated."""

from collections.abc import Mapping
from fractions import Fraction
from itertools import permutations

import numpy as np

from tabular_trpo._core import policy as policies
from tabular_trpo._core.instance import Instance
from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.nearest import nearest
from tabular_trpo._core.numbers import Array, Scalar, zeros
from tabular_trpo._core.policy_checks import check_policy
from tabular_trpo._exact.evaluate import evaluate_checked

STEP = Fraction(1, 10)
SMALL_STEP = Fraction(1, 1000)


def candidates(
    mdp: MDP, named: Mapping[str, Array], which: str, seed: int, n_random: int
) -> list[Instance]:
    """Return the distinct pairs (pi, pi_new) that are judged on one model.

    A pair of equal policies, on which bounds hold with equality, and a mixture are always included.

    named:    {name: policy (S, A)} of the file, in the arithmetic of the model
    which:    "file", "made" (generated), "all", or "auto": "file" where the file has two policies,
              else "made"
    n_random: number of random pairs among the generated ones, drawn from `seed`
    """
    if which == "auto":
        which = "file" if len(named) >= 2 else "made"
    found = _from_file(mdp, named) if which in ("file", "all") else []
    if which in ("made", "all") or not found:
        found += _made(mdp, seed, n_random)
    return _distinct(found)


def _from_file(mdp: MDP, named: Mapping[str, Array]) -> list[Instance]:
    """Return the ordered pairs of the named policies, and a step of each towards its greedy policy.

    A pair is a mixture where pi_new is one of pi and a third named policy, the target.
    """
    if not named:
        return []
    first = next(iter(named))
    found = [Instance(f"{first} -> {first}", mdp, named[first], named[first])]
    for old, new in permutations(named, 2):
        target, alpha = _as_mixture(mdp, named[old], named[new], named, {old, new})
        found.append(Instance(f"{old} -> {new}", mdp, named[old], named[new], target, alpha))
    found += [_towards_greedy(mdp, f"{old} + 1/10 greedy", pi, STEP) for old, pi in named.items()]
    return found


def _as_mixture(
    mdp: MDP, pi: Array, pi_new: Array, named: Mapping[str, Array], without: set[str]
) -> tuple[Array | None, Scalar | None]:
    """Return the first (target, alpha) with pi_new = (1 - alpha) pi + alpha target, else Nones.

    target (S, A) is one of the policies in `named` whose name is not in `without`; 0 < alpha < 1.
    """
    moved = np.argwhere(pi_new != pi)
    for name, target in named.items():
        if name in without or not len(moved):
            continue
        at = tuple(moved[0])
        if target[at] == pi[at]:
            continue
        alpha = (pi_new[at] - pi[at]) / (target[at] - pi[at])
        if 0 < alpha < 1 and _same(_mixture(mdp, pi, target, alpha), pi_new):
            return target, alpha
    return None, None


def _mixture(mdp: MDP, pi: Array, target: Array, alpha: Scalar) -> Array:
    """Return (1 - alpha) pi + alpha target (S, A), checked against the model.

    In float arithmetic its entries are rounded to multiples of 2^-53.
    """
    return check_policy(mdp, policies.mixture(pi, target, alpha))


def _towards_greedy(mdp: MDP, name: str, pi: Array, step: Fraction) -> Instance:
    """Return the pair of pi and its mixture of weight `step` with the policy greedy for Q of pi."""
    target = policies.greedy(mdp, evaluate_checked(mdp, pi).Q)
    alpha = step if mdp.arithmetic == "rational" else nearest(step)
    return Instance(name, mdp, pi, _mixture(mdp, pi, target, alpha), target, alpha)


def _made(mdp: MDP, seed: int, n_random: int) -> list[Instance]:
    """Return generated pairs: equal policies, small and large steps, `n_random` random pairs."""
    uniform = policies.uniform(mdp)
    Q = evaluate_checked(mdp, uniform).Q
    greedy, worst = policies.greedy(mdp, Q), policies.greedy(mdp, -Q)
    found = [
        Instance("uniform -> uniform", mdp, uniform, uniform),
        _towards_greedy(mdp, "uniform + 1/10 greedy", uniform, STEP),
        _towards_greedy(mdp, "uniform + 1/1000 greedy", uniform, SMALL_STEP),
        Instance("uniform -> greedy", mdp, uniform, greedy),
        Instance("uniform -> worst", mdp, uniform, worst),
        Instance("greedy -> uniform", mdp, greedy, uniform),
        Instance("greedy -> worst", mdp, greedy, worst),
    ]
    rng = np.random.default_rng(seed)
    for i in range(n_random):
        # Pairs of even i have full support; pairs of odd i have zeros and infinite divergences.
        low, high = (1, 10) if i % 2 == 0 else (0, 4)
        pi, pi_new = (_random(mdp, rng, low, high) for _ in range(2))
        found.append(Instance(f"random {i}", mdp, pi, pi_new))
    return found


def _random(mdp: MDP, rng: np.random.Generator, low: int, high: int) -> Array:
    """Draw a policy (S, A): integer weights in [low, high), each row divided by its sum."""
    weights = rng.integers(low, high, size=mdp.mask.shape) * mdp.mask
    weights += mdp.mask * (weights.sum(axis=1, keepdims=True) == 0)
    totals = weights.sum(axis=1)
    if mdp.arithmetic == "float":
        return check_policy(mdp, weights / totals[:, None])
    pi = zeros(weights.shape, rational=True)
    for s, a in np.argwhere(weights):
        pi[s, a] = Fraction(int(weights[s, a]), int(totals[s]))
    return pi


def _same(x: Array, y: Array) -> bool:
    return bool(np.all(x == y))


def _distinct(found: list[Instance]) -> list[Instance]:
    """Return the pairs without repetitions of (pi, pi_new).

    A mixture is kept beside an equal pair without a target, since more theorems apply to it.
    """
    kept: list[Instance] = []
    for one in found:
        again = (
            other
            for other in kept
            if _same(one.pi, other.pi) and _same(one.pi_new, other.pi_new)
            if one.target is None or other.target is not None
        )
        if next(again, None) is None:
            kept.append(one)
    return kept
