"""Random models with a softmax policy, and derivatives by finite differences."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

import tabular_trpo as tt
from tabular_trpo._exact.surrogate import Surrogate
from tabular_trpo._improve.softmax_class import SoftmaxClass, aliased

KINDS = ("table", "features", "aliased", "masked", "unvisited")


class Softmax(NamedTuple):
    """A model, a policy class, a theta, and the surrogate of its policy."""

    mdp: tt.MDP
    policy_class: SoftmaxClass
    theta: NDArray[np.float64]
    L: Surrogate


def softmax_case(kind: str, seed: int, spread: float = 1.0) -> Softmax:
    """Return a case with 4 to 6 states and 3 actions; theta is normal with scale `spread`."""
    rng = np.random.default_rng([seed, KINDS.index(kind)])
    S, A = int(rng.integers(4, 7)), 3
    P = rng.dirichlet(np.ones(S), (S, A))
    rho0 = rng.dirichlet(np.ones(S))
    mask = np.ones((S, A), dtype=bool)
    if kind == "unvisited":  # no transition enters the last two states
        P[:-2, :, -2:] = 0
        P[-2:, :, -2:] = 0
        P /= P.sum(axis=-1, keepdims=True)
        rho0 = np.append(rho0[:-2] / rho0[:-2].sum(), [0.0, 0.0])
    if kind == "masked":
        mask[np.arange(S - 1), rng.integers(0, A, S - 1)] = False
        P[~mask] = 0
    gamma = float(rng.choice([0.1, 0.5, 0.9, 0.99]))
    mdp = tt.MDP(P, rng.standard_normal((S, A)), rho0, gamma, mask)
    allowed = None if mask.all() else mask
    policy_class = SoftmaxClass((S, A), None, allowed)
    if kind == "features":
        policy_class = SoftmaxClass((S, A), rng.standard_normal((S, A, 5)))
    if kind == "aliased":
        policy_class = aliased(np.arange(S) // 2, A)
    theta = spread * rng.standard_normal(policy_class.theta_shape)
    L = tt.surrogate(tt.evaluate(mdp, policy_class.policy(theta)))
    return Softmax(mdp, policy_class, theta, L)


def softmax_cases(count: int) -> Iterator[Softmax]:
    """Yield `count` cases of every kind."""
    for kind in KINDS:
        for seed in range(count):
            yield softmax_case(kind, seed)


def slope(f: Callable[[NDArray[np.float64]], float], x: NDArray[np.float64], h: float):
    """Return the gradient of f at x by central differences of fourth order."""
    out = np.zeros(x.shape)
    for at in np.ndindex(x.shape):
        e = np.zeros(x.shape)
        e[at] = h
        out[at] = (8 * (f(x + e) - f(x - e)) - (f(x + 2 * e) - f(x - 2 * e))) / (12 * h)
    return out


def dense(product: Callable[[NDArray[np.float64]], NDArray[np.float64]], shape: tuple[int, ...]):
    """Return the matrix of a linear map of arrays with a shape."""
    eye = np.eye(int(np.prod(shape)))
    return np.array([product(e.reshape(shape)).ravel() for e in eye]).T
