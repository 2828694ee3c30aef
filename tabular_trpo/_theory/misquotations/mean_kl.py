"""Misquotations of the bounds by KL divergences."""

from tabular_trpo._theory.fixtures import TIGHT, TWO_REGION, fork, long_way, rare_region
from tabular_trpo._theory.misquotations.edits import Rows, always, replaced, right, scaled

_HALF, _NEARLY = scaled("1/2"), scaled("99/100")
_SHORT = replaced("2*(1 - gamma)", "2")
_LINEAR = right("2*eps*max_kl*gamma/(1 - gamma)")
_FIRST_TERM = replaced("2*sqrt(mean_d(A_bar**2))", "sqrt(mean_d(A_bar**2))")
_RATIO = replaced("ratio(L - eta_new, C)", "4*(L - eta_new)/C")

MEAN_KL: Rows = (
    ("visitation_kl", "horizon missing", replaced("gamma/(1 - gamma)", "gamma"), long_way),
    ("visitation_mean_kl", "horizon missing", _SHORT, TIGHT),
    ("visitation_mean_kl", "99/100", _NEARLY, fork),
    ("mean_kl_root", "horizon missing", _SHORT, TIGHT),
    ("mean_kl_root", "99/100", _NEARLY, fork),
    ("mean_kl_worst_case", "any step", _SHORT, always, rare_region),
    ("path_kl", "2 missing", _HALF, TIGHT),
    ("path_kl_linear", "one root of the horizon less", _LINEAR, long_way),
    ("hellinger", "2 missing", _FIRST_TERM, rare_region),
    ("hellinger_kl", "half", _HALF, rare_region),
    ("mean_kl_linear", "leading term alone", right("C/4*mean_kl"), TWO_REGION),
    ("trpo_mean_kl", "any gamma", always, rare_region),
    ("trpo_kl_reversed", "C/4", replaced("C", "C/4"), TWO_REGION),
    ("trpo_bretagnolle_huber", "C/4", _RATIO, TWO_REGION),
)
