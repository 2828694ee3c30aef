"""Misquotations of the inequalities between divergences of rows."""

from tabular_trpo._theory.fixtures import TIGHT, TWO_REGION, arm
from tabular_trpo._theory.misquotations.edits import Rows, replaced, scaled, when
from tabular_trpo._theory.statements.divergences import absolutely_continuous, same_support

_CERTAIN = arm("1", "1", "1/2")
_LONG, _SHORT, _RARE = arm("1", "1/2", "1/100"), arm("1", "1/2", "501/1000"), arm("1", "1/100")
_RANGE = "max_a(log_gap)**2"
_ORDER_2, _ORDER_2_EXCHANGED = "sum_a(ratio(pi**2, pi_new))", "sum_a(ratio(pi_new**2, pi))"

DIVERGENCES: Rows = (
    ("tv_squared_kl", "1-norm", replaced("tv", "2*tv"), TWO_REGION),
    ("tv_squared_kl", "no square", replaced("tv**2", "tv"), TWO_REGION),
    ("pinsker", "1-norm", replaced("tv", "2*tv"), TWO_REGION),
    ("pinsker", "49/100 for 1/2", replaced("kl/2", "49*kl/100"), TWO_REGION),
    ("bretagnolle_huber", "no square", replaced("tv**2", "tv"), TIGHT),
    (
        "hoeffding_kl",
        "actions of pi alone",
        replaced("log_gap", "ratio(pi, pi)*log_gap"),
        when(absolutely_continuous),
        _CERTAIN,
    ),
    ("hoeffding_kl", "49/100 for 1/2", replaced(f"{_RANGE}/2", f"49*{_RANGE}/100"), _SHORT),
    ("renyi_kl", "half", scaled("1/2"), _CERTAIN),
    ("renyi_kl", "reversed KL", replaced("kl", "kl_reversed"), _RARE),
    ("chi_square_kl", "half", scaled("1/2"), _CERTAIN),
    (
        "chi_square_kl",
        "of the exchanged policies",
        replaced(_ORDER_2, _ORDER_2_EXCHANGED),
        when(same_support),
        _LONG,
    ),
)
