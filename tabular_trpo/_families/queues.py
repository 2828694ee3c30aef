"""Admission control of a single-server queue."""

import numpy as np

from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.public import public
from tabular_trpo._families.arguments import Number, between, common_numbers, state_count
from tabular_trpo._families.arms import Arm, assemble


@public
def queue(
    capacity: int,
    gamma: Number,
    service: Number = "1/2",
    pay: Number = 3,
    cost: Number = 1,
    layout: str = "dense",
) -> MDP:
    """Return a queue with admission control: one customer arrives in each time step.

    With n customers waiting, "admit" gives m = n + 1 and pays `pay`, "reject" gives m = n; then
    the reward is reduced by `cost` m, and one customer leaves with probability `service`.  A full
    queue allows only "reject".  The policy that always rejects has V(0) = 0 and
    V(n) = (gamma service V(n-1) - cost n) / (1 - gamma (1 - service)).

    gamma:  discount in [0, 1), as all numbers a float or an exact number such as "9/10"
    layout: "dense", or "csr" in floats
    return: S = capacity + 1, A = 2 ("admit", "reject")
    raises: InvalidMDPError for a number out of range, MemoryGuardError for a model too large

    >>> queue(1, "1/2").r
    array([[Fraction(2, 1), Fraction(0, 1)],
           [Fraction(0, 1), Fraction(-1, 1)]], dtype=object)
    """
    n = np.arange(state_count("capacity", capacity, 1) + 1)
    gamma, service, pay, cost = common_numbers(gamma=gamma, service=service, pay=pay, cost=cost)
    between("service", service, 0, 1)
    allowed = np.ones((capacity + 1, 2), dtype=bool)
    allowed[capacity, 0] = False
    arms = []
    for action, admitted in enumerate((1, 0)):
        m = np.minimum(n + admitted, capacity)
        r = admitted * pay - cost * m
        arms.append(Arm(action, np.maximum(m - 1, 0), service, r))
        arms.append(Arm(action, m, 1 - service, r))
    names = [f"waiting{i}" for i in n]
    return assemble(arms, names, ["admit", "reject"], gamma, allowed=allowed, layout=layout)
