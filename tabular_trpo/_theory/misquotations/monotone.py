"""Misquotations of the statements on monotone steps."""

from tabular_trpo._theory.fixtures import TIGHT, TWO_REGION, arm, once, one_step, sunk
from tabular_trpo._theory.misquotations.edits import Rows, replaced, scaled, when, without

_GREEDY_IN_R = when("max_s(max_a(r) - sum_a(pi_new*r)) <= 0")
_ANY_SIGN = when("max_sa(abs(pi_new*V - pi*Q)) <= 0")
_ON_THE_MEAN = when("mean_d(A_bar - kl_reversed) >= 0")

MONOTONE: Rows = (
    ("improvement_statewise", "on the mean", when("L >= eta"), TIGHT),
    ("policy_iteration", "greedy in r", _GREEDY_IN_R, sunk),
    ("policy_iteration_contraction", "gamma squared", replaced("gamma", "gamma**2"), one_step),
    ("optimality_gap", "horizon missing", without("1 - gamma"), TIGHT),
    ("reward_weighted", "rewards of any sign", _ANY_SIGN, arm("-1", "0", "1", "0")),
    ("mirror_step", "on the mean", _ON_THE_MEAN, TWO_REGION),
    ("npg_progress", "over a horizon", scaled("1/(1 - gamma)"), once),
)
