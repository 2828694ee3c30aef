"""Misquotations of the identities."""

from tabular_trpo._theory.fixtures import TIGHT
from tabular_trpo._theory.misquotations.edits import Rows, replaced, right, scaled, stated, without

IDENTITIES: Rows = (
    ("performance_difference_paths", "normalised by 1 - gamma", scaled("1 - gamma"), TIGHT),
    ("performance_difference", "old rho", replaced("rho_new", "rho"), TIGHT),
    ("performance_difference", "d in place of rho", scaled("1 - gamma"), TIGHT),
    ("performance_difference_statewise", "first step", replaced("W", "A_bar"), TIGHT),
    ("reversed_performance_difference", "new visits", replaced("rho", "rho_new"), TIGHT),
    ("reversed_performance_difference", "sign", replaced("eta - eta_new", "eta_new - eta"), TIGHT),
    ("visitation_mass", "normalised", right("1"), TIGHT),
    ("surrogate_linear", "weights swapped", right("(eta + 2*L)/3"), TIGHT),
    ("surrogate_value", "at the new policy", replaced("L_mix(0)", "L_mix(1)"), TIGHT),
    ("surrogate_gradient", "difference for slope", replaced("L", "eta_new"), TIGHT),
    ("surrogate_gradient", "d in place of rho", right("mean_d(A_bar)"), TIGHT),
    ("residual_identity", "gamma missing", without("gamma"), TIGHT),
    ("residual_identity", "new rho", replaced("rho", "rho_new"), TIGHT),
    ("minorant_touches", "at the new policy", stated("M == eta_new"), TIGHT),
)
