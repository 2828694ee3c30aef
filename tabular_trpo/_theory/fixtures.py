"""Pairs of policies that refute misquotations and attain bounds: worst cases and small models.

The small models were found by `falsify`.  A fixture is a function without arguments that returns
a pair in rationals; it can be pickled.
"""

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import partial
from typing import Any

from tabular_trpo._core.mdp import MDP
from tabular_trpo._families import worst_case
from tabular_trpo._theory.pair import Pair

Fixture = Callable[[], Pair]
Row = Sequence[int | str]  # probabilities or rewards: one number for each action or next state

HERE, THERE, FIRST, SECOND, HALF = [1, 0], [0, 1], [1, 0], [0, 1], ["1/2", "1/2"]
STAY_OR_GO = [[HERE, THERE], [THERE, HERE]]


def _family(name: str, *args: Any) -> Pair:
    """Return the pair of the worst-case family with this name, for the given arguments."""
    return Pair.of(getattr(worst_case, name)(*args))


def tight(a: str = "1/10", gamma: str = "9/10", far: int = 1) -> Fixture:
    """Return a fixture that attains the coupling bound, and nearly Theorem 1 for small a."""
    return partial(_family, "tight_thm1", a, gamma, far)


def cpi(gamma: str = "9/10", alpha: str = "1/10") -> Fixture:
    """Return a fixture of the family that attains the mixture bound of Kakade and Langford."""
    return partial(_family, "tight_cpi", gamma, -1, alpha)


def two_region(gamma: str = "1/50", a: str = "1/1000") -> Fixture:
    """Return a fixture that nearly attains the bound with penalty C/2 max_kl for small gamma."""
    return partial(_family, "two_region", gamma, a)


TIGHT, TIGHT_SMALL = tight(), tight("1/1000", "1/2")
TWO_REGION, CPI = two_region(), cpi()


def fork() -> Pair:
    """Return a pair that nearly attains the bounds by the mean KL, at gamma = 9/10."""
    return _family("fork", "9/10", "1/100", "1/10000")


def rare_region() -> Pair:
    """Return a pair that differs most where rho is small, so that the mean KL is small."""
    return _family("rare_region", "1/100", "1/1000", "1/500", "1/100")


def mirrored() -> Pair:
    """Return a pair of tight_thm1 with all rewards negated: the surrogate is below the return."""
    case = worst_case.tight_thm1("1/1000", "1/2")
    return Pair(case.mdp.replace(r=-case.mdp.r), case.pi, case.pi_new)


def pit() -> Pair:
    """Return a pair whose second state has an action that costs 1; the largest advantage is 0."""
    mdp = MDP([[[1, 0], [0, 1]], [[0, 1], [0, 1]]], [["0", "0"], ["0", "-1"]], [1, 0], "9/10")
    return Pair(mdp, [["1", "0"]] * 2, [["9/10", "1/10"]] * 2)


def loss() -> Pair:
    """Return a pair on one state that pays 1 for waiting; pi_new waits less, and eta_new = L."""
    return arm("1", "1", "9/10", "1/10")()


def _small(
    P: Sequence[Sequence[Row]],
    r: Sequence[Row],
    rho0: Row,
    pi: Sequence[Row],
    pi_new: Sequence[Row],
) -> Pair:
    """Return a pair at gamma = 1/2 from its literal numbers, one row for each state."""
    return Pair(MDP(P, r, rho0, "1/2"), pi, pi_new)


def sunk() -> Pair:
    """Return a pair whose target is paid 1 once and moves to an absorbing state without rewards."""
    mdp = MDP(STAY_OR_GO, [["0", "0"], ["1/2", "1"]], THERE, "1/2")
    return Pair.mixture(mdp, [SECOND, FIRST], [FIRST, SECOND], "1")


def swapped() -> Pair:
    """Return a pair where staying costs 1 in both states; only a change in both states gains."""
    P, r = [[HERE, THERE], [HERE, THERE]], [["-1", "-1"], ["0", "-1"]]
    return _small(P, r, HERE, [FIRST, SECOND], [SECOND, FIRST])


def back_and_forth() -> Pair:
    """Return a pair where the first state leads to the second, in which only pi stays."""
    P, r = [[THERE, THERE], [THERE, HERE]], [["0", "0"], ["0", "0"]]
    return _small(P, r, HALF, [FIRST, FIRST], [SECOND, SECOND])


def crossing() -> Pair:
    """Return a pair on two states: each action leads to its own state, and pays 1 only there."""
    P, r = [[HERE, THERE]] * 2, [["1", "-1"], ["-1", "1"]]
    return _small(P, r, HERE, [HALF] * 2, [["3/5", "2/5"]] * 2)


def standing() -> Pair:
    """Return a pair with pi_new = pi on the model of `crossing`; shared logits cannot fit A."""
    P, r = [[HERE, THERE]] * 2, [["1", "-1"], ["-1", "1"]]
    return _small(P, r, HERE, [HALF] * 2, [HALF] * 2)


def settling() -> Pair:
    """Return a pair where pi alternates between two states and pi_new stays in the second."""
    r = [["0", "0"], ["0", "0"]]
    return _small(STAY_OR_GO, r, THERE, [SECOND, SECOND], [SECOND, FIRST])


def returning() -> Pair:
    """Return a pair where pi stays in the second state, which costs 1, and pi_new leaves it."""
    r = [["0", "0"], ["-1", "0"]]
    return _small(STAY_OR_GO, r, THERE, [SECOND, FIRST], [FIRST, SECOND])


def straying() -> Pair:
    """Return a pair where pi stays in a paid state and pi_new leaves it with probability 1/8."""
    r = [["1", "0"], ["0", "0"]]
    return _small(STAY_OR_GO, r, THERE, [FIRST, SECOND], [["7/8", "1/8"], FIRST])


def passing() -> Pair:
    """Return a pair whose first state pays once and is left forever by either action."""
    P, r = [[THERE, THERE], [THERE, THERE]], [["1", "1"], ["0", "0"]]
    return _small(P, r, HERE, [HALF] * 2, [FIRST] * 2)


def long_way() -> Pair:
    """Return a pair on three states where the changes of the rows add up along the path."""
    P = [[[1, 0, 0]] * 2, [[0, 0, 1], [0, 1, 0]], [[0, 1, 0], [1, 0, 0]]]
    r, new = [["-1", "1"], ["-1", "1"], ["0", "0"]], [["2/3", "1/3"], ["1/3", "2/3"]]
    return _small(P, r, [0, 0, 1], [HALF] * 3, [*new, new[0]])


def arm(reward: str = "1", pi: str = "1/4", pi_new: str = "1/2", gamma: str = "1/2") -> Fixture:
    """Return a fixture with one state and two actions, of which the first pays `reward`.

    pi, pi_new: the probabilities of the first action under the two policies
    """
    return partial(_arm, reward, pi, pi_new, gamma)


def _arm(reward: str, pi: str, pi_new: str, gamma: str) -> Pair:
    old, new = ([[x, str(1 - Fraction(x))]] for x in (pi, pi_new))
    return Pair(MDP([[[1], [1]]], [[reward, "0"]], [1], gamma), old, new)


def rare_gain() -> Pair:
    """Return a pair where the optimal action is rare in both states, so the gradient is small."""
    mdp = MDP([[HERE] * 3, [HALF, HERE, HERE]], [["0", "0", "1"], ["1", "0", "0"]], THERE, "2/3")
    pi = [["1/40", "0", "39/40"], ["489/500", "1/500", "1/50"]]
    return Pair(mdp, pi, [[0, 0, 1], [1, 0, 0]])


def short_cut() -> Pair:
    """Return a pair where pi_new alternates between states; pi stays longer in the costly one."""
    P, pi = [[THERE, HERE], [HERE, HERE]], [["1/3", "2/3"]] * 2
    return _small(P, [["-1", "-1"], ["0", "-1"]], HERE, pi, [FIRST] * 2)


def trap() -> Pair:
    """Return a pair whose second state pays 1 and leads to the first, where pi_new stays unpaid."""
    P, r = [[HERE, THERE], [HERE, HERE]], [["0", "0"], ["0", "1"]]
    return _small(P, r, THERE, [SECOND, SECOND], [FIRST, SECOND])


def one_step() -> Pair:
    """Return a pair with a greedy step, optimal in the first state only; A = 0 in the second."""
    P, r = [[HERE, HERE], [HERE, THERE]], [["0", "1"], ["0", "0"]]
    return _small(P, r, THERE, [FIRST, FIRST], [SECOND, SECOND])


def myopic() -> Pair:
    """Return a pair with a small step towards a paid action; rewards are not the advantages."""
    P, r = [[HERE, THERE], [HERE, THERE]], [["0", "0"], ["0", "1"]]
    return _small(P, r, HERE, [SECOND, ["1/5", "4/5"]], [SECOND, ["1/6", "5/6"]])


def once() -> Pair:
    """Return a pair whose first state is left forever for a paid one, earlier under pi_new."""
    mdp = MDP([[THERE, HERE], [THERE, THERE]], [["0", "0"], ["1", "0"]], HERE, "2/3")
    return Pair(mdp, [HALF, FIRST], [["3/4", "1/4"], FIRST])
