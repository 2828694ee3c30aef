"""What people report of an episode: its undiscounted return, and whether it ended in time.

Problem: the expectations of sum_{t < T} r_t and of 1{the episode ended within T steps}, for
episodes of a policy that are truncated after T steps.  Method: T steps of backward recursion, in
which an absorbing state earns nothing more.  Guarantee: exact in rational arithmetic, in floats up
to rounding; the model and the policy are the true ones, and nothing is sampled.
"""

from typing import NamedTuple, final

import numpy as np

from tabular_trpo._core.mdp import MDP, one_model
from tabular_trpo._core.numbers import Scalar
from tabular_trpo._core.policy_checks import check_policy
from tabular_trpo._core.public import public
from tabular_trpo._families.arguments import size
from tabular_trpo._sampled.episodes import absorbing
from tabular_trpo._sampled.one_step import expect_next


@public
@final
class EpisodeScore(NamedTuple):
    """The expected undiscounted return of an episode, and the probability that it ends in time.

    >>> EpisodeScore(0.74, 1.0).ended
    1.0
    """

    undiscounted: Scalar
    ended: Scalar


@public
def episode_score(mdp: MDP, pi: object, limit: int) -> EpisodeScore:
    """Return E sum_{t < T} r_t and P(ended within T steps) of episodes that end when absorbed.

    pi:     (S, A) in the arithmetic of the model
    limit:  the number of steps T after which an episode is truncated
    return: the rewards of an absorbing state are not counted
    raises: InvalidMDPError, ExactnessError

    >>> mdp = MDP([[["1/2", "1/2"]], [["0", "1"]]], ["1", "0"], ["1", "0"], "1/2")
    >>> [str(x) for x in episode_score(mdp, [["1"], ["1"]], 2)]
    ['3/2', '3/4']
    """
    one_model(mdp)
    pi, T = check_policy(mdp, pi), size("limit", limit, 1)
    ends, _ = absorbing(mdp)
    running = ~ends
    # By backward recursion: the values of both with t steps left.
    total = mdp.r[:, 0] * 0
    ended = total + np.where(ends, 1, 0)
    for _ in range(T):
        total = running * (pi * (mdp.r + expect_next(mdp, total))).sum(axis=1)
        ended = np.where(ends, ended, (pi * expect_next(mdp, ended)).sum(axis=1))
    return EpisodeScore(mdp.rho0 @ total, mdp.rho0 @ ended)
