"""Pairs of policies that refute misquotations and attain bounds: worst cases and small models.

The small models were found by `falsify`.  A fixture is a function without arguments that can be
pickled and makes the pair in rationals when it is called.
"""

from collections.abc import Callable
from fractions import Fraction
from functools import partial
from typing import Any

from tabular_trpo._core.mdp import MDP
from tabular_trpo._families import worst_case
from tabular_trpo._theory.pair import Pair

Fixture = Callable[[], Pair]
Row = list[int] | list[str]  # probabilities or rewards: one number for each action or next state

HERE, THERE, FIRST, SECOND, HALF = [1, 0], [0, 1], [1, 0], [0, 1], ["1/2", "1/2"]
STAY_OR_GO = [[HERE, THERE], [THERE, HERE]]


def _family(name: str, *args: Any) -> Pair:
    """Return the pair of a worst-case family, given by its name."""
    return Pair.of(getattr(worst_case, name)(*args))


def tight(a: str = "1/10", gamma: str = "9/10", far: int = 1) -> Fixture:
    """The coupling bound holds with equality; Theorem 1 nearly so for small a."""
    return partial(_family, "tight_thm1", a, gamma, far)


def cpi(gamma: str = "9/10", alpha: str = "1/10") -> Fixture:
    """The mixture bound of Kakade and Langford holds with equality."""
    return partial(_family, "tight_cpi", gamma, -1, alpha)


def two_region(gamma: str = "1/50", a: str = "1/1000") -> Fixture:
    """The bound with penalty C/2 max_kl is nearly attained for small gamma."""
    return partial(_family, "two_region", gamma, a)


TIGHT, TIGHT_SMALL = tight(), tight("1/1000", "1/2")
TWO_REGION, CPI = two_region(), cpi()


def fork() -> Pair:
    """The bounds by the mean KL are nearly attained at gamma = 9/10."""
    return _family("fork", "9/10", "1/100", "1/10000")


def rare_region() -> Pair:
    """The policies differ most where the old policy hardly goes, so the mean KL is small."""
    return _family("rare_region", "1/100", "1/1000", "1/500", "1/100")


def mirrored() -> Pair:
    """The family tight_thm1 with all rewards negated: the surrogate is too small."""
    case = worst_case.tight_thm1("1/1000", "1/2")
    return Pair(case.mdp.replace(r=-case.mdp.r), case.pi, case.pi_new)


def pit() -> Pair:
    """The second state has an action that costs 1, and the largest advantage is 0."""
    mdp = MDP([[[1, 0], [0, 1]], [[0, 1], [0, 1]]], [["0", "0"], ["0", "-1"]], [1, 0], "9/10")
    return Pair(mdp, [["1", "0"]] * 2, [["9/10", "1/10"]] * 2)


def loss() -> Pair:
    """One state that pays 1 for waiting; the new policy waits less, and eta_new = L."""
    return arm("1", "1", "9/10", "1/10")()


def _small(P: list[list[Row]], r: list[Row], rho0: Row, pi: list[Row], pi_new: list[Row]) -> Pair:
    """Return a pair at gamma = 1/2 that is written out, one row for each state."""
    return Pair(MDP(P, r, rho0, "1/2"), pi, pi_new)


def sunk() -> Pair:
    """The target is paid 1 at once, and moves for good to the state without rewards."""
    mdp = MDP(STAY_OR_GO, [["0", "0"], ["1/2", "1"]], THERE, "1/2")
    return Pair.mixture(mdp, [SECOND, FIRST], [FIRST, SECOND], "1")


def swapped() -> Pair:
    """Staying costs 1 in both states; only both changes together help, by moving the visits."""
    P, r = [[HERE, THERE], [HERE, THERE]], [["-1", "-1"], ["0", "-1"]]
    return _small(P, r, HERE, [FIRST, SECOND], [SECOND, FIRST])


def back_and_forth() -> Pair:
    """The first state leads to the second, where the old policy stays and the new one does not."""
    P, r = [[THERE, THERE], [THERE, HERE]], [["0", "0"], ["0", "0"]]
    return _small(P, r, HALF, [FIRST, FIRST], [SECOND, SECOND])


def crossing() -> Pair:
    """Each action leads to its own state, where it pays 1 and the other action costs 1."""
    P, r = [[HERE, THERE]] * 2, [["1", "-1"], ["-1", "1"]]
    return _small(P, r, HERE, [HALF] * 2, [["3/5", "2/5"]] * 2)


def standing() -> Pair:
    """The model of `crossing` with pi_new = pi, where logits that the states share fit nothing."""
    P, r = [[HERE, THERE]] * 2, [["1", "-1"], ["-1", "1"]]
    return _small(P, r, HERE, [HALF] * 2, [HALF] * 2)


def settling() -> Pair:
    """The old policy goes back and forth; the new one stays in the second state."""
    r = [["0", "0"], ["0", "0"]]
    return _small(STAY_OR_GO, r, THERE, [SECOND, SECOND], [SECOND, FIRST])


def returning() -> Pair:
    """The old policy stays in the second state, which costs 1; the new one leaves it for good."""
    r = [["0", "0"], ["-1", "0"]]
    return _small(STAY_OR_GO, r, THERE, [SECOND, FIRST], [FIRST, SECOND])


def straying() -> Pair:
    """The old policy stays where it is paid; the new one leaves for good with probability 1/8."""
    r, new = [["1", "0"], ["0", "0"]], [["7/8", "1/8"], FIRST]
    return _small(STAY_OR_GO, r, THERE, [FIRST, SECOND], new)


def passing() -> Pair:
    """The first state pays once and is left for good by either action."""
    P, r = [[THERE, THERE], [THERE, THERE]], [["1", "1"], ["0", "0"]]
    return _small(P, r, HERE, [HALF] * 2, [FIRST] * 2)


def long_way() -> Pair:
    """Three states with equally likely actions: the changes of the rows add up along the path."""
    P = [[[1, 0, 0]] * 2, [[0, 0, 1], [0, 1, 0]], [[0, 1, 0], [1, 0, 0]]]
    r, new = [["-1", "1"], ["-1", "1"], ["0", "0"]], [["2/3", "1/3"], ["1/3", "2/3"]]
    return _small(P, r, [0, 0, 1], [HALF] * 3, [*new, new[0]])


def arm(reward: str = "1", pi: str = "1/4", pi_new: str = "1/2", gamma: str = "1/2") -> Fixture:
    """One state; the first action pays, and has these probabilities under the two policies."""
    return partial(_arm, reward, pi, pi_new, gamma)


def _arm(reward: str, pi: str, pi_new: str, gamma: str) -> Pair:
    old, new = ([[x, str(1 - Fraction(x))]] for x in (pi, pi_new))
    return Pair(MDP([[[1], [1]]], [[reward, "0"]], [1], gamma), old, new)


def rare_gain() -> Pair:
    """The optimal action is rare in both states: a small gradient far from the optimum."""
    mdp = MDP([[HERE] * 3, [HALF, HERE, HERE]], [["0", "0", "1"], ["1", "0", "0"]], THERE, "2/3")
    pi = [["1/40", "0", "39/40"], ["489/500", "1/500", "1/50"]]
    return Pair(mdp, pi, [[0, 0, 1], [1, 0, 0]])


def short_cut() -> Pair:
    """The new policy alternates between the states; pi stays longer in the first, which costs 1."""
    P, pi = [[THERE, HERE], [HERE, HERE]], [["1/3", "2/3"]] * 2
    return _small(P, [["-1", "-1"], ["0", "-1"]], HERE, pi, [FIRST] * 2)


def trap() -> Pair:
    """The second state pays 1 and leads to the first, where the new policy stays unpaid."""
    P, r = [[HERE, THERE], [HERE, HERE]], [["0", "0"], ["0", "1"]]
    return _small(P, r, THERE, [SECOND, SECOND], [FIRST, SECOND])


def one_step() -> Pair:
    """A greedy step that is optimal in the first state but stays in the second, where A = 0."""
    P, r = [[HERE, HERE], [HERE, THERE]], [["0", "1"], ["0", "0"]]
    return _small(P, r, THERE, [FIRST, FIRST], [SECOND, SECOND])


def myopic() -> Pair:
    """A small step towards the action that pays, so that rewards are not the advantages."""
    P, r = [[HERE, THERE], [HERE, THERE]], [["0", "0"], ["0", "1"]]
    return _small(P, r, HERE, [SECOND, ["1/5", "4/5"]], [SECOND, ["1/6", "5/6"]])


def once() -> Pair:
    """The first state is left for good for one that pays; the new policy leaves it sooner."""
    mdp = MDP([[THERE, HERE], [THERE, THERE]], [["0", "0"], ["1", "0"]], HERE, "2/3")
    return Pair(mdp, [HALF, FIRST], [["3/4", "1/4"], FIRST])
