"""Misquotations of Theorem 1 of TRPO, of its proof by coupling and of the minorant."""

from tabular_trpo._theory.fixtures import (
    TIGHT,
    TIGHT_SMALL,
    TWO_REGION,
    loss,
    mirrored,
    pit,
    rare_region,
    tight,
    two_region,
)
from tabular_trpo._theory.misquotations.edits import Rows, replaced, right, scaled, when

_MIDDLE, _PRINTED = right("2*max_tv*eps_cpi"), right("2*max_tv*max_s(A_bar)")
_HALF = scaled("1/2")
_ONE_POWER = replaced("(1 - gamma)**2", "1 - gamma")
_VISITED = replaced("eps", "mean_d(max_a(abs(A)))")
_WITHOUT_ABS = replaced("eps", "max_sa(A)")

COUPLING: Rows = (
    ("trpo_bound", "constant 2", _HALF, TIGHT_SMALL),
    ("trpo_bound", "constant 39/10", scaled("39/40"), TIGHT_SMALL),
    ("trpo_bound", "no penalty", right("L"), TIGHT),
    ("trpo_bound", "one power of 1 - gamma", _ONE_POWER, tight("1/100")),
    ("trpo_bound", "gamma squared", replaced("4*eps*gamma", "4*eps*gamma**2"), TWO_REGION),
    ("trpo_bound", "eps without abs", _WITHOUT_ABS, pit),
    ("trpo_bound", "eps of visited states", _VISITED, tight(far=100)),
    ("trpo_bound", "eps of (6)", replaced("eps", "eps_cpi"), TIGHT_SMALL),
    ("trpo_bound", "d in place of rho in L", replaced("L", "eta + mean_d(A_bar)"), loss),
    ("trpo_bound_upper", "constant 2", _HALF, mirrored),
    ("trpo_kl_bound", "C/4", replaced("C", "C/4"), TWO_REGION),
    ("trpo_kl_bound", "mean KL", replaced("max_kl", "mean_kl"), rare_region),
    ("trpo_kl_bound_half", "49/100 for 1/2", replaced("C/2", "49*C/100"), two_region("1/200")),
    ("advantage_lemma", "half of the span", _HALF, TIGHT),
    ("mean_advantage_lemma", "2 missing", _HALF, TIGHT),
    ("mean_advantage_lemma", "without abs", _WITHOUT_ABS, pit),
    ("advantage_lemma_eps", "2 missing", replaced("2*max_tv", "max_tv"), TIGHT),
    ("drift_lemma_1", "2 missing", _HALF, TIGHT),
    ("drift_lemma_1", "as printed, without abs", _PRINTED, pit),
    ("drift_lemma_2", "2 missing", _HALF, TIGHT),
    ("drift_lemma_2", "middle term as printed", _PRINTED, TIGHT),
    ("drift_lemma_2", "middle term with abs", _MIDDLE, TIGHT),
    ("drift_lemma_3", "2 missing", _HALF, TIGHT),
    ("drift_lemma_3", "middle term as printed", _PRINTED, TIGHT),
    ("drift_lemma_3", "middle term with abs", _MIDDLE, TIGHT),
    ("coupling_lemma", "one step less", right("1 - (1 - max_tv)**2"), TIGHT),
    ("coupling_span", "half of the span", replaced("span_s(A_bar)", "span_s(A_bar)/2"), TIGHT),
    ("coupling_eps_cpi", "2 missing", _HALF, TIGHT),
    ("coupling_capped", "cap at max_tv", replaced("2*max_tv", "max_tv"), TIGHT),
    ("coupling_rows", "2 missing", _HALF, TIGHT),
    ("coupling_bound", "constant 2", _HALF, TIGHT),
    ("coupling_to_theorem", "one power of 1 - gamma", _ONE_POWER, TIGHT),
    ("visitation_coupling", "2 missing", _HALF, TIGHT),
    ("minorant_gain", "mean KL", replaced("M", "L - C*mean_kl"), rare_region),
    ("monotone_improvement", "L in place of M", when("L >= eta"), tight("3/10")),
)
