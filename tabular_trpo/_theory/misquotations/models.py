"""Misquotations of the simulation lemma, of approximate advantages and of soft values."""

from tabular_trpo._theory.constants import coupling_constant
from tabular_trpo._theory.fixtures import arm, cpi, myopic, trap
from tabular_trpo._theory.misquotations.edits import Rows, replaced, right

_TRANSITIONS = "max_s(move(pi_new - pi))"
_COUPLING = right(lambda p: 4 * p.max_tv * p.eps * coupling_constant(p.max_tv, p.gamma))

MODELS: Rows = (
    (
        "simulation_lemma",
        "half of the transitions",
        replaced(f"{_TRANSITIONS}/2", f"{_TRANSITIONS}/4"),
        trap,
    ),
    ("approximate_advantage", "error left out", _COUPLING, myopic),
    ("soft_performance_difference", "old entropy", replaced("entropy_new", "entropy"), arm()),
    ("soft_suboptimality", "new visits", replaced("rho", "rho_new"), cpi("9/10", "23/500")),
)
