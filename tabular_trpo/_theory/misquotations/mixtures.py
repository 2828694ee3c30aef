"""Misquotations of the bounds for mixtures and of gradient domination."""

from typing import Any

from tabular_trpo._theory.fixtures import (
    CPI,
    TIGHT_SMALL,
    back_and_forth,
    cpi,
    sunk,
    swapped,
)
from tabular_trpo._theory.misquotations.edits import (
    Rows,
    always,
    replaced,
    right,
    scaled,
    stated,
    when,
    without,
)
from tabular_trpo._theory.statements.mixtures import guarantee, mismatch, surrogate_slope

_OF_THE_MIXTURE = replaced("eps_target", "eps_cpi")


def _weight_of_6(p: Any) -> Any:
    """Return the mixture weight that maximizes the bound of TRPO (6), at most 1."""
    return p.smaller(1, (1 - p.gamma) ** 2 * surrogate_slope(p) / (4 * p.eps_target * p.gamma))


MIXTURES: Rows = (
    ("cpi_bound", "eps of the mixture", _OF_THE_MIXTURE, CPI),
    ("cpi_bound", "constant 1", scaled("1/2"), CPI),
    ("cpi_bound", "no mixture", _OF_THE_MIXTURE, replaced("alpha", "max_tv"), TIGHT_SMALL),
    ("cpi_coupling", "1 for 2", scaled("1/2"), CPI),
    ("cpi_coupling", "eps of the mixture", _OF_THE_MIXTURE, CPI),
    ("cpi_step", "any weight", always, CPI),
    ("cpi_step_bounded", "any weight", when("-max_sa(-r) >= 0"), sunk),
    (
        "cpi_best_weight",
        "the best weight for (6)",
        right(lambda p: guarantee(p, _weight_of_6(p))),
        cpi("9/10", "23/500"),
    ),
    ("gradient_domination", "no shift of visits", without(mismatch), always, swapped),
    (
        "gradient_domination_start",
        "horizon missing",
        stated("max_s(rho_new/rho) <= max_s(d_new/rho0)"),
        always,
        back_and_forth,
    ),
)
