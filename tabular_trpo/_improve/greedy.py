"""The greedy step: the unconstrained maximiser of the surrogate, or the step of policy iteration.

**Problem.** Maximise L(pi_new) = eta + <G, pi_new - pi> over all policies; for policy iteration
(Howard 1960) maximise <A(s), pi_new(s)> in states that pi does not visit too, where G is 0.

**Method.** The objective is linear in each row, so it is maximal with all mass on one action of the
largest G(s, .), or A(s, .).

**Guarantee.** The maximum is exact.  Policy iteration ends at an optimal policy; repeated
maximisation of L alone may end at another one, since L ignores states that are not visited.
"""

import numpy as np

from tabular_trpo._core.numbers import Array, frozen
from tabular_trpo._core.public import public
from tabular_trpo._core.validate import Report, finite
from tabular_trpo._exact.surrogate import Surrogate
from tabular_trpo._improve.step import Step, make_step, read_like, single


@public
def greedy(L: Surrogate, A: object = None) -> Step:
    """Return the step to the maximiser of the surrogate, or the step of policy iteration.

    pi_new(s) = argmax_a G(s, a) where weight(s) > 0, else pi(s): the argmax of L in conservative
    policy iteration (Kakade & Langford 2002; TRPO 2015, equation (5)).  L does not depend on rows
    of states that pi does not visit, so these rows keep pi.  With A they become argmax_a A(s, a):
    policy iteration (Howard 1960), which ends at an optimal policy, while repeated maximisation of
    L alone may end at another one.  A row with all mass on best actions is unchanged; otherwise
    all mass is on the first best action.

    A:      (S, A) advantages in the arithmetic of L, such as `evaluate(mdp, pi).A`, or None
    return: `Step` without multipliers
    raises: InvalidMDPError for a batch, a wrong shape or NaN; ExactnessError for the other
            arithmetic

    >>> from tabular_trpo import MDP, evaluate, surrogate
    >>> mdp = MDP([[["1"], ["1"]]], [["0", "1"]], ["1"], "1/2")
    >>> greedy(surrogate(evaluate(mdp, [["1/2", "1/2"]]))).pi_new
    array([[Fraction(0, 1), Fraction(1, 1)]], dtype=object)
    """
    return make_step(single(L), greedy_rows(L, A))


def greedy_rows(L: Surrogate, A: object = None) -> Array:
    """Return the maximiser of the surrogate, (S, A), or with A the policy of policy iteration.

    raises: InvalidMDPError for A of a wrong shape or with NaN, ExactnessError for the other
            arithmetic
    """
    values = L.G
    moving = L.weight > 0
    if A is not None:
        advantages = read_like("A", A, L)
        report = Report()
        finite(
            report, "A", np.where(True if L.allowed is None else L.allowed, advantages, 0), "s a"
        )
        report.close()
        values = np.where(moving[:, None], L.G, advantages)
        moving = np.ones_like(moving)
    new = L.pi.copy()
    for s in np.flatnonzero(moving).tolist():
        best = best_action(L, values, s)
        if (new[s, values[s] < values[s, best]] > 0).any():
            one = new[s].sum()  # in the arithmetic of pi
            new[s] = 0 * one
            new[s, best] = one
    return frozen(new)


def best_action(L: Surrogate, values: Array, s: int) -> int:
    """Return the first allowed action with the largest entry of values (S, A) in state s."""
    allowed = range(len(values[s])) if L.allowed is None else np.flatnonzero(L.allowed[s])
    return max((int(a) for a in allowed), key=values[s].__getitem__)
