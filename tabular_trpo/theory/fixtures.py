"""Pairs that refute what is nearly true: the worst cases, and three small ones of our own."""

from collections.abc import Callable

from tabular_trpo.core.mdp import MDP
from tabular_trpo.families import worst_case
from tabular_trpo.families.worst_case import WorstCase
from tabular_trpo.theory.pair import Pair

Fixture = Callable[[], Pair]


def pair(case: WorstCase) -> Pair:
    """Return the pair of a worst case, a mixture pair where it has a target."""
    if case.target is None:
        return Pair(case.mdp, case.pi, case.pi_new)
    return Pair.mixture(case.mdp, case.pi, case.target, case.alpha)


def tight(a: str = "1/10", gamma: str = "9/10", far: int = 1) -> Fixture:
    """The coupling bound with equality, Theorem 1 nearly so for small a."""
    return lambda: pair(worst_case.tight_thm1(a, gamma, far))


def cpi(gamma: str = "9/10", alpha: str = "1/10") -> Fixture:
    """The mixture bound of Kakade and Langford with equality."""
    return lambda: pair(worst_case.tight_cpi(gamma, -1, alpha))


def two_region(gamma: str = "1/50", a: str = "1/1000") -> Fixture:
    """The penalty with C/2 and the KL nearly attained, for small gamma."""
    return lambda: pair(worst_case.two_region(gamma, a))


def rare_region() -> Pair:
    """A divergence where the old policy hardly goes: the mean does not see it."""
    return pair(worst_case.rare_region("1/100", "1/1000", "1/500", "1/100"))


def mirrored() -> Pair:
    """The tight family with all rewards negated: the surrogate errs to the other side."""
    case = worst_case.tight_thm1("1/1000", "1/2")
    mdp = case.mdp
    names = (mdp.state_names, mdp.action_names)
    return Pair(MDP(mdp.P, -mdp.r, mdp.rho0, mdp.gamma, None, *names), case.pi, case.pi_new)


def pit() -> Pair:
    """Going costs nothing at once and 1 a step for ever after: the largest advantage is 0."""
    mdp = MDP([[[1, 0], [0, 1]], [[0, 1], [0, 1]]], [["0", "0"], ["0", "-1"]], [1, 0], "9/10")
    return Pair(mdp, [["1", "0"]] * 2, [["9/10", "1/10"]] * 2)


def loss() -> Pair:
    """One state that pays 1 for waiting; the new policy waits less: eta_new = L."""
    mdp = MDP([[[1], [1]]], [["1", "0"]], [1], "1/10")
    return Pair(mdp, [["1", "0"]], [["9/10", "1/10"]])
