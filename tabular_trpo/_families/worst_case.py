"""Worst cases: models and policy pairs at which the bounds of the theory are attained, or nearly.

Problem: on random pairs L - eta_new is less than half of the bound of TRPO (2015), Theorem 1, so
they cannot refute a constant that is too small.  Method: in each family the error L - eta_new of
the surrogate L = eta + sum_s rho(s) A_bar(s) is as large as a bound allows, or nearly; the
docstring states it in closed form.  Guarantee: exact arguments give rational models, on which the
closed forms hold exactly (`tests/families/test_worst_case.py`).

An instance is a model with two policies, pi and pi_new.  The rewards equal the advantages, so V = 0
under pi.  The start state is X, except in `ladder`.  If any argument is a float the model is in
floats.
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import sqrt
from typing import Any

import numpy as np

from tabular_trpo._core import policy
from tabular_trpo._core.build import guard_dense
from tabular_trpo._core.instance import Instance
from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.nearest import nearest
from tabular_trpo._core.numbers import brief
from tabular_trpo._core.policy_checks import check_policy
from tabular_trpo._core.public import public
from tabular_trpo._families.arguments import Number, between, common_numbers, is_exact, state_count

GAMMAS = tuple(Fraction(*x) for x in ((1, 200), (1, 50), (1, 10), (1, 2), (9, 10), (99, 100)))
STEPS = tuple(Fraction(*x) for x in ((1, 1000), (1, 10), (1, 2)))
Rows = Sequence[Any]  # nested lists of numbers


@public
def tight_thm1(a: Number, gamma: Number, far: Number = 1) -> Instance:
    """Return an instance that attains the coupling bound, and Theorem 1 in the limit a -> 0.

    L - eta_new = 4 a c with eps = 1, max_tv = a, c = a gamma / ((1 - gamma) (1 - gamma (1 - a))).

    a:      step size in (0, 1/2]
    gamma:  discount in [0, 1), as all numbers a float or an exact number such as "9/10"
    far:    scale of the advantages at Y, which pi never visits, so that eps = max(1, |far|)
    return: S = 2 (X, Y), A = 3 (bad, good, go)
    raises: InvalidMDPError for a number out of range

    >>> tight_thm1("1/10", "9/10").pi_new[0]
    array([Fraction(2, 5), Fraction(1, 2), Fraction(1, 10)], dtype=object)
    """
    a, gamma, far, half, one = common_numbers(a=a, gamma=gamma, far=far, half="1/2", one=1)
    between("a", a, 0, half, above=True)
    P = [[[1, 0], [1, 0], [0, 1]], [[0, 1], [0, 1], [0, 1]]]
    A = [[-one, one, one], [-far, far, 0]]
    mdp = _model(P, A, gamma, "XY", ("bad", "good", "go"))
    pi = [[half, half, 0]] * 2
    pi_new = [[half - a, half, a], [half + a, half - a, 0]]
    given = {"a": a, "gamma": gamma} | ({"far": far} if far != 1 else {})
    name = _name("tight_thm1", **given)
    return _pair(name, mdp, pi, pi_new)


@public
def tight_cpi(gamma: Number, sign: Number = -1, alpha: Number = "1/10") -> Instance:
    """Return a mixture that attains the bound of Kakade and Langford (2002), Theorem 4.1.

    L - eta_new = (1 - sign) / 2 times
    2 eps_target gamma alpha^2 / ((1 - gamma) (1 - gamma (1 - alpha))), and eps_target = 1.

    sign:   in [-1, 0]; -1 attains the bound, 0 (greedy target) attains half of it
    alpha:  weight of the target in pi_new, in [0, 1]
    return: S = 2 (X, Y), A = 2 (first, second)
    raises: InvalidMDPError for a number out of range

    >>> tight_cpi("9/10").mdp.r
    array([[Fraction(0, 1), Fraction(1, 1)],
           [Fraction(0, 1), Fraction(-1, 1)]], dtype=object)
    """
    gamma, sign, alpha, one = common_numbers(gamma=gamma, sign=sign, alpha=alpha, one=1)
    between("sign", sign, -1, 0)
    between("alpha", alpha, 0, 1)
    P = [[[1, 0], [0, 1]], [[0, 1], [0, 1]]]
    mdp = _model(P, [[0, one], [0, sign * one]], gamma, "XY", ("first", "second"))
    pi, target = (policy.deterministic(mdp, [a, a]) for a in (0, 1))
    name = _name("tight_cpi", gamma=gamma, sign=sign, alpha=alpha)
    return Instance.towards(name, mdp, pi, target, alpha)


@public
def two_region(gamma: Number, a: Number) -> Instance:
    """Return an instance at which L - eta_new is 1 - gamma times the penalty of Theorem 1.

    L - eta_new = 4 a^2 gamma / (1 - gamma) with eps = 1 and max_tv = a; pi_new gains at X'
    and loses at Y.  As a -> 0 it is also 1 - gamma times C/2 max_kl.

    a:      step size in (0, 1/2]
    return: S = 3 (X, X', Y), A = 2 (minus, plus)
    raises: InvalidMDPError for a number out of range

    >>> two_region("1/50", "1/100").pi_new[2]
    array([Fraction(51, 100), Fraction(49, 100)], dtype=object)
    """
    gamma, a, half, one = common_numbers(gamma=gamma, a=a, half="1/2", one=1)
    between("a", a, 0, half, above=True)
    P = [[[0, 1, 0], [0, 0, 1]], [[0, 1, 0]] * 2, [[0, 0, 1]] * 2]
    mdp = _model(P, [[-one, one]] * 3, gamma, ("X", "X'", "Y"), ("minus", "plus"))
    up, down = [half - a, half + a], [half + a, half - a]
    return _pair(_name("two_region", gamma=gamma, a=a), mdp, [[half, half]] * 3, [up, up, down])


@public
def fork(gamma: Number, a: Number, b: Number) -> Instance:
    """Return an instance at which bounds by the mean KL are nearly attained: a fork of two states.

    sum_s |rho_new - rho| = 2 a gamma / (1 - gamma), eta_new - L = -4 a b gamma / (1 - gamma) with
    eps_cpi = 2 b, L = eta, and mean_kl = (1 - gamma) k(a) + gamma k(b) with
    k(x) = -log(1 - 4 x^2) / 2.

    a:      step at X, in (0, 1/2]
    b:      step at Y and Z, in [0, 1/2]; near equality for b much smaller than a
    return: S = 3 (X, Y, Z), A = 2 (left, right)
    raises: InvalidMDPError for a number out of range

    >>> fork("9/10", "1/10", "1/100").pi_new[:2]
    array([[Fraction(3, 5), Fraction(2, 5)],
           [Fraction(49, 100), Fraction(51, 100)]], dtype=object)
    """
    gamma, a, b, half, one = common_numbers(gamma=gamma, a=a, b=b, half="1/2", one=1)
    between("a", a, 0, half, above=True)
    between("b", b, 0, half)
    P = [[[0, 1, 0], [0, 0, 1]], [[0, 1, 0]] * 2, [[0, 0, 1]] * 2]
    mdp = _model(P, [[0, 0], [one, -one], [one, -one]], gamma, "XYZ", ("left", "right"))
    pi_new = [[half + x, half - x] for x in (a, -b, b)]
    return _pair(_name("fork", gamma=gamma, a=a, b=b), mdp, [[half, half]] * 3, pi_new)


@public
def rare_region(gamma: Number, p: Number, x: Number, a: Number) -> Instance:
    """Return an instance that violates Theorem 1 with the mean KL at small gamma.

    L - eta_new = 2 a (rho_new(Y) - rho(Y)) with rho(Y) = 1/(1 - gamma) - 1/(1 - gamma (1 - p));
    at x = 2 a sqrt(gamma), p -> 0, a -> 0 it is sqrt((1 - gamma) / gamma) / 4 times C mean_kl.

    p:      probability of going to Y under pi, in (0, 1)
    x:      relative growth of p under pi_new, x >= 0 and (1 + x) p <= 1
    a:      step size at Y, in (0, 1/2]
    return: S = 2 (X, Y), A = 3 (first, second, third)
    raises: InvalidMDPError for a number out of range

    >>> rare_region("1/100", "1/10", "1/2", "1/4").pi_new[0, 2]
    Fraction(3, 20)
    """
    gamma, p, x, a, half, one = common_numbers(gamma=gamma, p=p, x=x, a=a, half="1/2", one=1)
    between("a", a, 0, half, above=True)
    between("p", p, 0, 1, above=True)
    between("x", x, 0, 1 / p - 1)
    P = [[[1, 0], [1, 0], [0, 1]], [[0, 1]] * 3]
    mdp = _model(P, [[0, 0, 0], [-one, one, 0]], gamma, "XY", ("first", "second", "third"))
    grown = p * (1 + x)
    pi = [[(1 - p) / 2, (1 - p) / 2, p], [half, half, 0]]
    pi_new = [[(1 - grown) / 2, (1 - grown) / 2, grown], [half + a, half - a, 0]]
    return _pair(_name("rare_region", gamma=gamma, p=p, x=x, a=a), mdp, pi, pi_new)


@public
def ladder(levels: int, gamma: Number, a: Number) -> Instance:
    """Return an instance of many levels that violates Theorem 1 with the mean KL at gamma < 1/5.

    There are two chains, + and -, with equal dynamics: "up" leads to the next level (A = -1),
    "across" to the other chain (A = 1).  pi_new takes "up" more often on one chain and less often
    on the other, so sum_s rho A_bar = 0 and L = eta.  As levels -> infinity and a -> 0,
    L - eta_new = R C mean_kl with R = (s - 1) (s + 1)^2 / (4 (s^2 - s + 2)) and
    s = sqrt((2 - gamma) / gamma), the growth factor of the steps between levels; R > 1 where s > 3.

    levels: at least 1; "up" stays at the last level
    a:      largest step size, in (0, 1/2]
    return: S = 2 levels (0+, 0-, 1+, ...), A = 2 (up, across), start 0+ or 0- with 1/2 each
    raises: InvalidMDPError for a number out of range

    >>> ladder(2, "1/5", "1/10").pi_new
    array([[Fraction(21, 40), Fraction(19, 40)],
           [Fraction(19, 40), Fraction(21, 40)],
           [Fraction(3, 5), Fraction(2, 5)],
           [Fraction(2, 5), Fraction(3, 5)]], dtype=object)
    """
    n = state_count("levels", levels, 1)
    gamma, a, half, one = common_numbers(gamma=gamma, a=a, half="1/2", one=1)
    guard_dense(2 * n, 2, is_exact(gamma))
    between("gamma", gamma, 0, 1, above=True)
    between("a", a, 0, half, above=True)
    growth = Fraction(sqrt((2 - gamma) / gamma)).limit_denominator(12)
    shape = [(i + 1) * (n + 1 - i) * growth**i for i in range(n)]  # a parabola times growth^i
    steps = [a * (x / max(shape)) for x in shape]
    state = np.eye(2 * n, dtype=int).tolist()
    chains = [(min(2 * i + 2, 2 * n - 2), 2 * i) for i in range(n)]
    P = [[state[up + j], state[here + 1 - j]] for up, here in chains for j in (0, 1)]
    names = [f"{i}{sign}" for i in range(n) for sign in "+-"]
    start = [half, half] + [0] * (2 * n - 2)
    mdp = MDP(P, [[-one, one]] * (2 * n), start, gamma, None, names, ("up", "across"))
    pi_new = [[half + x * y, half - x * y] for y in steps for x in (1, -1)]
    return _pair(_name("ladder", levels=n, gamma=gamma, a=a), mdp, [[half, half]] * (2 * n), pi_new)


@public
def standard(gamma: Number = None) -> Iterator[Instance]:
    """Yield members of every worst-case family, as first candidates for counterexamples.

    gamma:  the discount of all members; None for each of GAMMAS

    >>> len(list(standard("9/10")))
    19
    """
    for g in GAMMAS if gamma is None else (gamma,):
        yield ladder(3, g, STEPS[0])
        for a in STEPS:
            yield tight_thm1(a, g)
            yield tight_thm1(a, g, far=100)
            yield tight_cpi(g, -1, a)
            yield two_region(g, a)
            yield fork(g, a, a * a)
        yield tight_cpi(g, 0)
        for a in STEPS[:2]:
            x = Fraction(2 * nearest(a) * sqrt(common_numbers(gamma=g)[0])).limit_denominator(10**6)
            yield rare_region(g, Fraction(1, 1000), x, a)


def _model(P: Rows, A: Rows, gamma: Number, states: Sequence[str], actions: tuple[str, ...]) -> MDP:
    """Return the MDP with transitions P and rewards A that starts in state 0."""
    return MDP(P, A, [1] + [0] * (len(P) - 1), gamma, None, tuple(states), actions)


def _name(family: str, **given: Number) -> str:
    """Return the name of a member, such as "fork(gamma=1/2, a=1/10, b=1/100)"."""
    return f"{family}({', '.join(f'{key}={brief(value)}' for key, value in given.items())})"


def _pair(name: str, mdp: MDP, pi: Rows, pi_new: Rows) -> Instance:
    """Return the instance of a model and two policies, after checking the policies."""
    return Instance(name, mdp, check_policy(mdp, pi), check_policy(mdp, pi_new))
