"""Misquotations of the statements on a finite horizon."""

from tabular_trpo._theory.fixtures import TIGHT
from tabular_trpo._theory.misquotations.edits import Rows, right
from tabular_trpo._theory.statements.horizon import STEPS, eps, eta, expected_advantages

_OLD_PATHS = right(lambda p: eta(p, p.pi) + expected_advantages(p, p.pi))
_ONE_STEP_LESS = right(lambda p: 4 * eps(p) * p.max_tv**2)
_LINEAR = right(lambda p: p.max_tv**2 * STEPS)

HORIZON: Rows = (
    ("horizon_performance_difference", "old paths", _OLD_PATHS, TIGHT),
    ("horizon_bound", "one step less", _ONE_STEP_LESS, TIGHT),
    ("horizon_bound_square", "H in place of H (H - 1)", _LINEAR, TIGHT),
)
