"""Misquotations of the bounds for mixtures and of gradient domination."""

from typing import Any

from tabular_trpo._theory import fixtures
from tabular_trpo._theory.misquotations.misquotation import Rows
from tabular_trpo._theory.statements.mixtures import guarantee, promised


def _cpi(p: Any, eps: Any) -> Any:
    return p.alpha**2 * p.gamma * eps / ((1 - p.gamma) * (1 - p.gamma * (1 - p.alpha)))


def _weight_of_6(p: Any) -> Any:
    return p.smaller(1, (1 - p.gamma) ** 2 * promised(p) / (4 * p.eps_target * p.gamma))


MIXTURES: Rows = {
    "cpi_coupling": [
        ("1 for 2", lambda p: (p.eta_new, ">=", p.L - _cpi(p, p.eps_target)), fixtures.cpi()),
        (
            "eps of the mixture",
            lambda p: (p.eta_new, ">=", p.L - _cpi(p, 2 * p.eps_cpi)),
            fixtures.cpi(),
        ),
    ],
    "cpi_step": [
        (
            "any weight",
            lambda p: (p.eta_new - p.eta, ">=", p.alpha * promised(p) / 2),
            fixtures.cpi(),
        ),
    ],
    "cpi_step_bounded": [
        (
            "any weight",
            lambda p: (p.eta_new - p.eta, ">=", p.alpha * promised(p) / 2),
            fixtures.sunk,
            lambda p: (-p.max_sa(-p.r), ">=", 0),
        ),
    ],
    "cpi_best_weight": [
        (
            "the best weight for (6)",
            lambda p: (guarantee(p, p.alpha), "<=", guarantee(p, _weight_of_6(p))),
            fixtures.cpi("9/10", "23/500"),
            lambda p: (promised(p), ">=", 0),
        ),
    ],
    "gradient_domination": [
        (
            "no shift of visits",
            lambda p: (p.eta_new - p.eta, "<=", p.sum_s(p.rho * p.max_a(p.A))),
            fixtures.swapped,
        ),
    ],
    "gradient_domination_start": [
        (
            "horizon missing",
            lambda p: (p.max_s(p.rho_new / p.rho), "<=", p.max_s(p.d_new / p.rho0)),
            fixtures.back_and_forth,
        ),
    ],
}
