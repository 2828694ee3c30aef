"""Misquotations of the bounds by mean steps and spans."""

from tabular_trpo._theory.fixtures import CPI, TIGHT, TWO_REGION, mirrored, rare_region
from tabular_trpo._theory.misquotations.edits import Rows, always, replaced, scaled, when

_HALF = scaled("1/2")
_VISITED = replaced("2*eps_cpi*mean_tv", "2*mean_d(abs(A_bar))*max_tv")

CONSTRAINED: Rows = (
    ("spi_bound", "half", _HALF, TIGHT),
    ("spi_bound_q", "2 missing", _HALF, TIGHT),
    ("spi_step", "any weight", when("sum_s(rho*A_bar_target) >= 0"), CPI),
    ("cpo_bound", "2 missing", _HALF, TIGHT),
    ("cpo_bound", "eps of visited states", _VISITED, rare_region),
    ("cpo_bound_upper", "2 missing", _HALF, mirrored),
    ("cpo_general_zero", "2 missing", _HALF, TIGHT),
    ("cpo_general_half", "2 missing", _HALF, TIGHT),
    ("cpo_general_exact", "old value", replaced("V_new", "V"), TIGHT),
    ("cpo_kl_reversed", "2 missing", _HALF, TWO_REGION),
    ("cpo_kl", "2 missing", _HALF, TWO_REGION),
    ("cpo_worst_case", "any step", always, rare_region),
    ("cpo_visitation", "2 missing", _HALF, TIGHT),
    ("cpo_visitation_new", "2 missing", _HALF, TIGHT),
    ("cpo_centred", "half", _HALF, TIGHT),
    ("residual_span", "half", _HALF, TIGHT),
    ("residual_visitation", "a quarter", _HALF, TIGHT),
)
