"""Misquotations of the statements on average rewards."""

from typing import Any

from tabular_trpo._theory import fixtures
from tabular_trpo._theory.misquotations.misquotation import Rows
from tabular_trpo._theory.statements.average import error, gain, mean_step, moved
from tabular_trpo._theory.trace import Sides


def _promised(p: Any, d: Any, advantage: Any) -> Sides:
    return p.J_new, "==", p.J + p.sum_s(d * advantage)


AVERAGE: Rows = {
    "average_performance_difference": [
        ("old visits", lambda p: _promised(p, p.d_avg, gain(p)), fixtures.crossing),
        ("discounted", lambda p: _promised(p, p.d_avg_new, p.A_bar), fixtures.returning),
        ("discounted visits", lambda p: _promised(p, p.d_new, gain(p)), fixtures.returning),
    ],
    "average_visitation": [
        (
            "2 missing",
            lambda p: (moved(p), "<=", (p.kemeny_new - 1) * mean_step(p)),
            fixtures.crossing,
        ),
        (
            "constant of the old chain",
            lambda p: (moved(p), "<=", 2 * (p.kemeny - 1) * mean_step(p)),
            fixtures.settling,
        ),
    ],
    "average_visitation_new": [
        (
            "2 missing",
            lambda p: (moved(p), "<=", (p.kemeny - 1) * p.sum_s(p.d_avg_new * p.tv)),
            fixtures.crossing,
        ),
    ],
    "average_bound": [
        (
            "2 missing",
            lambda p: (error(p), "<=", (p.kemeny_new - 1) * p.max_s(abs(gain(p))) * mean_step(p)),
            fixtures.crossing,
        ),
        (
            "mean of the advantages",
            lambda p: (
                error(p),
                "<=",
                2 * (p.kemeny_new - 1) * p.sum_s(p.d_avg * abs(gain(p))) * mean_step(p),
            ),
            fixtures.straying,
        ),
    ],
    "stationary_value": [
        (
            "drawn from the start",
            lambda p: (p.sum_s(p.rho0 * p.V), "==", p.J / (1 - p.gamma)),
            fixtures.passing,
        ),
        (
            "horizon missing",
            lambda p: (p.sum_s(p.d_avg * p.V), "==", p.J),
            fixtures.straying,
        ),
        (
            "discounted visits",
            lambda p: (p.sum_s(p.d * p.V), "==", p.J / (1 - p.gamma)),
            fixtures.passing,
        ),
    ],
    "average_return": [
        (
            "half of the span",
            lambda p: (abs(p.J - (1 - p.gamma) * p.eta), "<=", (1 - p.gamma) * p.span_s(p.h) / 2),
            fixtures.passing,
        ),
        (
            "not normalised",
            lambda p: (abs(p.J - p.eta), "<=", (1 - p.gamma) * p.span_s(p.h)),
            fixtures.passing,
        ),
    ],
    "average_centred": [
        (
            "half",
            lambda p: (error(p), "<=", (p.kemeny_new - 1) * p.span_s(gain(p)) * mean_step(p) / 2),
            fixtures.crossing,
        ),
    ],
}
