"""Misquotations of the statements on average rewards; none has a precondition."""

from tabular_trpo._theory.fixtures import crossing, passing, returning, settling, straying
from tabular_trpo._theory.misquotations.edits import Rows, always, replaced, right, scaled
from tabular_trpo._theory.statements.average import gain

_HALF = scaled("1/2")
_MEAN = replaced(lambda p: p.max_s(abs(gain(p))), lambda p: p.sum_s(p.d_avg * abs(gain(p))))
_OLD_VISITS, _DISCOUNTED = replaced("d_avg_new", "d_avg"), replaced("d_avg_new", "d_new")
_OLD_CHAIN = replaced("kemeny_new", "kemeny")
_NOT_NORMALISED = replaced("(1 - gamma)*eta", "eta")

AVERAGE: Rows = (
    ("average_performance_difference", "old visits", _OLD_VISITS, always, crossing),
    ("average_performance_difference", "discounted", replaced(gain, "A_bar"), always, returning),
    ("average_performance_difference", "discounted visits", _DISCOUNTED, always, returning),
    ("average_visitation", "2 missing", _HALF, always, crossing),
    ("average_visitation", "constant of the old chain", _OLD_CHAIN, always, settling),
    ("average_visitation_new", "2 missing", _HALF, always, crossing),
    ("average_bound", "2 missing", _HALF, always, crossing),
    ("average_bound", "mean of the advantages", _MEAN, always, straying),
    ("average_centred", "half", _HALF, always, crossing),
    ("stationary_value", "drawn from the start", replaced("d_avg", "rho0"), always, passing),
    ("stationary_value", "horizon missing", right("J"), always, straying),
    ("stationary_value", "discounted visits", replaced("d_avg", "d"), always, passing),
    ("average_return", "half of the span", _HALF, always, passing),
    ("average_return", "not normalised", _NOT_NORMALISED, always, passing),
)
