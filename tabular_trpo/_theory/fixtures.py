"""Pairs that refute what is nearly true: the worst cases, and small ones found by `falsify`."""

from collections.abc import Callable
from fractions import Fraction
from functools import partial
from typing import Any

from tabular_trpo._core.mdp import MDP
from tabular_trpo._families import worst_case
from tabular_trpo._theory.pair import Pair

Fixture = Callable[[], Pair]


def tight(a: str = "1/10", gamma: str = "9/10", far: int = 1) -> Fixture:
    """The coupling bound with equality, Theorem 1 nearly so for small a."""
    return partial(_made, "tight_thm1", a, gamma, far)


def cpi(gamma: str = "9/10", alpha: str = "1/10") -> Fixture:
    """The mixture bound of Kakade and Langford with equality."""
    return partial(_made, "tight_cpi", gamma, -1, alpha)


def two_region(gamma: str = "1/50", a: str = "1/1000") -> Fixture:
    """The penalty with C/2 and the KL nearly attained, for small gamma."""
    return partial(_made, "two_region", gamma, a)


def _made(family: str, *args: Any) -> Pair:
    """Return the pair of a family, by its name: a fixture is made of it, and can be pickled."""
    return Pair.of(getattr(worst_case, family)(*args))


def fork() -> Pair:
    """What the mean KL bounds nearly attained, at a long horizon."""
    return Pair.of(worst_case.fork("9/10", "1/100", "1/10000"))


def rare_region() -> Pair:
    """A divergence where the old policy hardly goes: the mean does not see it."""
    return Pair.of(worst_case.rare_region("1/100", "1/1000", "1/500", "1/100"))


def mirrored() -> Pair:
    """The tight family with all rewards negated: the surrogate errs to the other side."""
    case = worst_case.tight_thm1("1/1000", "1/2")
    return Pair(case.mdp.replace(r=-case.mdp.r), case.pi, case.pi_new)


def pit() -> Pair:
    """Going costs nothing at once and 1 a step for ever after: the largest advantage is 0."""
    mdp = MDP([[[1, 0], [0, 1]], [[0, 1], [0, 1]]], [["0", "0"], ["0", "-1"]], [1, 0], "9/10")
    return Pair(mdp, [["1", "0"]] * 2, [["9/10", "1/10"]] * 2)


def loss() -> Pair:
    """One state that pays 1 for waiting; the new policy waits less: eta_new = L."""
    mdp = MDP([[[1], [1]]], [["1", "0"]], [1], "1/10")
    return Pair(mdp, [["1", "0"]], [["9/10", "1/10"]])


def stored(
    P: list[Any], r: list[Any], rho0: list[Any], gamma: str, pi: list[Any], other: list[Any],
    alpha: str | None = None,
) -> Fixture:  # fmt: skip
    """A small pair written out: transitions, rewards, start, gamma, policies.

    P, r, pi, other: a row a state; other is pi_new, or with alpha the target of a mixture
    """
    return partial(_stored, (P, r, rho0, gamma), pi, other, alpha)


def _stored(model: tuple[Any, ...], pi: list[Any], other: list[Any], alpha: str | None) -> Pair:
    mdp = MDP(*model)
    return Pair(mdp, pi, other) if alpha is None else Pair.mixture(mdp, pi, other, alpha)


HERE, THERE, FIRST, SECOND, HALF = [1, 0], [0, 1], [1, 0], [0, 1], ["1/2", "1/2"]


def sunk() -> Pair:
    """A state that pays where the other does not: the mean sees nothing of what is lost."""
    P, r = [[HERE, THERE], [THERE, HERE]], [["0", "0"], ["1/2", "1"]]
    return stored(P, r, THERE, "1/2", [SECOND, FIRST], [FIRST, SECOND], "1")()


def swapped() -> Pair:
    """Staying costs, and only both changes together help: visits shift to where it is cheap."""
    P, r = [[HERE, THERE], [HERE, THERE]], [["-1", "-1"], ["0", "-1"]]
    return stored(P, r, HERE, "1/2", [FIRST, SECOND], [SECOND, FIRST])()


def back_and_forth() -> Pair:
    """From the first state there is one way; in the second the new policy stays."""
    P, r = [[THERE, THERE], [THERE, HERE]], [["0", "0"], ["0", "0"]]
    return stored(P, r, HALF, "1/2", [FIRST, FIRST], [SECOND, SECOND])()


def crossing() -> Pair:
    """Each action leads to its own state, from where the other one was better to take."""
    P, r = [[HERE, THERE]] * 2, [["1", "-1"], ["-1", "1"]]
    return stored(P, r, HERE, "1/2", [HALF] * 2, [["3/5", "2/5"]] * 2)()


def standing() -> Pair:
    """The same without a step: shared logits cannot fit two states that want opposite actions."""
    P, r = [[HERE, THERE]] * 2, [["1", "-1"], ["-1", "1"]]
    return stored(P, r, HERE, "1/2", [HALF] * 2, [HALF] * 2)()


STAY_OR_GO = [[HERE, THERE], [THERE, HERE]]


def settling() -> Pair:
    """The old policy goes back and forth, the new one stays in the second state."""
    r = [["0", "0"], ["0", "0"]]
    return stored(STAY_OR_GO, r, THERE, "1/2", [SECOND, SECOND], [SECOND, FIRST])()


def returning() -> Pair:
    """The old policy stays where it has to pay, and starts there; the new one leaves for good."""
    r = [["0", "0"], ["-1", "0"]]
    return stored(STAY_OR_GO, r, THERE, "1/2", [SECOND, FIRST], [FIRST, SECOND])()


def straying() -> Pair:
    """The old policy stays where it is paid, the new one is lost for good one time in eight."""
    r, new = [["1", "0"], ["0", "0"]], [["7/8", "1/8"], FIRST]
    return stored(STAY_OR_GO, r, THERE, "1/2", [FIRST, SECOND], new)()


def passing() -> Pair:
    """The first state pays once and is left for good, by one action or by the other."""
    P, r = [[THERE, THERE], [THERE, THERE]], [["1", "1"], ["0", "0"]]
    return stored(P, r, HERE, "1/2", [HALF] * 2, [FIRST] * 2)()


def leaving() -> Pair:
    """The old policy leaves at once and for good, the new one stays half of the time."""
    P, r = [[HERE, HERE], [THERE, HERE]], [["0", "0"], ["0", "0"]]
    return stored(P, r, THERE, "1/2", [SECOND, FIRST], [FIRST, HALF])()


def long_way() -> Pair:
    """Three half-and-half states; the steps add up along the way."""
    P = [[[1, 0, 0]] * 2, [[0, 0, 1], [0, 1, 0]], [[0, 1, 0], [1, 0, 0]]]
    r, new = [["-1", "1"], ["-1", "1"], ["0", "0"]], [["2/3", "1/3"], ["1/3", "2/3"]]
    return stored(P, r, [0, 0, 1], "1/2", [HALF] * 3, [*new, new[0]])()


def arm(reward: str = "1", pi: str = "1/4", pi_new: str = "1/2", gamma: str = "1/2") -> Fixture:
    """One state, a first action that pays, and its probabilities."""
    old, new = ([[x, str(1 - Fraction(x))]] for x in (pi, pi_new))
    return stored([[[1], [1]]], [[reward, "0"]], [1], gamma, old, new)


def rare_gain() -> Pair:
    """The optimal action is rare in both states: a small gradient far from the optimum."""
    P = [[HERE] * 3, [HALF, HERE, HERE]]
    pi = [["1/40", "0", "39/40"], ["489/500", "1/500", "1/50"]]
    best, r = [[0, 0, 1], [1, 0, 0]], [["0", "0", "1"], ["1", "0", "0"]]
    return stored(P, r, THERE, "2/3", pi, best)()


def short_cut() -> Pair:
    """A comparator that never leaves the state which pi leaves."""
    P, pi = [[THERE, HERE], [HERE, HERE]], [["1/3", "2/3"]] * 2
    return stored(P, [["-1", "-1"], ["0", "-1"]], HERE, "1/2", pi, [FIRST] * 2)()


def trap() -> Pair:
    """What is best at once leads back to where nothing is paid."""
    P, r = [[HERE, THERE], [HERE, HERE]], [["0", "0"], ["0", "1"]]
    return stored(P, r, THERE, "1/2", [SECOND, SECOND], [FIRST, SECOND])()


def one_step() -> Pair:
    """Greedy once is optimal at one state and one step from it at the other."""
    P, r = [[HERE, HERE], [HERE, THERE]], [["0", "1"], ["0", "0"]]
    return stored(P, r, THERE, "1/2", [FIRST, FIRST], [SECOND, SECOND])()


def apart() -> Pair:
    """Two chains with equal rewards: one stays where it is paid nothing, one where it pays."""
    P, r = [[HERE, THERE], [THERE, THERE]], [["0", "0"], ["-1", "-1"]]
    return stored(P, r, THERE, "1/2", [SECOND, FIRST], [FIRST, SECOND])()


def myopic() -> Pair:
    """A small step towards what pays later: the rewards are no advantages."""
    P, r = [[HERE, THERE], [HERE, THERE]], [["0", "0"], ["0", "1"]]
    return stored(P, r, HERE, "1/2", [SECOND, ["1/5", "4/5"]], [SECOND, ["1/6", "5/6"]])()


def once() -> Pair:
    """A gain at the start that is met once."""
    P, r = [[THERE, HERE], [THERE, THERE]], [["0", "0"], ["1", "0"]]
    return stored(P, r, HERE, "2/3", [HALF, FIRST], [["3/4", "1/4"], FIRST])()


def mixed_rows() -> Pair:
    """A certain policy, and one of full support that differs between the states."""
    P, r = [[THERE, HERE], [THERE, THERE]], [["0", "0"], ["0", "0"]]
    return stored(P, r, HERE, "1/2", [FIRST, FIRST], [HALF, ["2/3", "1/3"]])()
