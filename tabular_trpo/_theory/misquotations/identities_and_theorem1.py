"""Misquotations of the identities, of Theorem 1 and of the minorant."""

from fractions import Fraction
from typing import Any

from tabular_trpo._theory import fixtures
from tabular_trpo._theory.misquotations.misquotation import Rows
from tabular_trpo._theory.trace import Sides


def _below(p: Any, penalty: Any) -> Sides:
    return p.eta_new, ">=", p.L - penalty / (1 - p.gamma) ** 2


_TIGHT, _SMALL, _CPI, _TWO = (
    fixtures.tight(),
    fixtures.tight("1/1000", "1/2"),
    fixtures.cpi(),
    fixtures.two_region(),
)

DECK: Rows = {
    "performance_difference_paths": [
        (
            "normalised by 1 - gamma",
            lambda p: (p.eta_new, "==", p.eta + (1 - p.gamma) * p.sum_s(p.rho0 * p.W)),
            _TIGHT,
        ),
    ],
    "performance_difference": [
        ("old rho", lambda p: (p.eta_new, "==", p.eta + p.sum_s(p.rho * p.A_bar)), _TIGHT),
        (
            "d in place of rho",
            lambda p: (p.eta_new, "==", p.eta + (1 - p.gamma) * p.sum_s(p.rho_new * p.A_bar)),
            _TIGHT,
        ),
    ],
    "performance_difference_statewise": [
        ("first step", lambda p: (p.max_s(abs(p.V_new - p.V - p.A_bar)), "==", 0), _TIGHT),
    ],
    "reversed_performance_difference": [
        (
            "new visits",
            lambda p: (p.eta - p.eta_new, "==", p.sum_s(p.rho_new * p.sum_a(p.pi * p.A_new))),
            _TIGHT,
        ),
        (
            "sign",
            lambda p: (p.eta_new - p.eta, "==", p.sum_s(p.rho * p.sum_a(p.pi * p.A_new))),
            _TIGHT,
        ),
    ],
    "visitation_mass": [("normalised", lambda p: (p.sum_s(p.rho), "==", 1), _TIGHT)],
    "surrogate_linear": [
        (
            "weights swapped",
            lambda p: (p.L_mix(Fraction(1, 3)), "==", (p.eta + 2 * p.L) / 3),
            _TIGHT,
        ),
    ],
    "surrogate_value": [("at the new policy", lambda p: (p.L_mix(1), "==", p.eta), _TIGHT)],
    "surrogate_gradient": [
        ("difference for slope", lambda p: (p.eta_dot, "==", p.eta_new - p.eta), _TIGHT),
        ("d in place of rho", lambda p: (p.eta_dot, "==", p.mean_d(p.A_bar)), _TIGHT),
    ],
    "residual_identity": [
        (
            "gamma missing",
            lambda p: (p.eta_new - p.L, "==", p.sum_s(p.rho * p.shift(p.V_new - p.V))),
            _TIGHT,
        ),
        (
            "new rho",
            lambda p: (
                p.eta_new - p.L,
                "==",
                p.gamma * p.sum_s(p.rho_new * p.shift(p.V_new - p.V)),
            ),
            _TIGHT,
        ),
    ],
    "minorant_touches": [("at the new policy", lambda p: (p.M, "==", p.eta_new), _TIGHT)],
    "cpi_bound": [
        ("eps of the mixture", lambda p: _below(p, 2 * p.eps_cpi * p.gamma * p.alpha**2), _CPI),
        ("constant 1", lambda p: _below(p, p.eps_target * p.gamma * p.alpha**2), _CPI),
        ("no mixture", lambda p: _below(p, 2 * p.eps_cpi * p.gamma * p.max_tv**2), _SMALL),
    ],
    "trpo_bound": [
        ("constant 2", lambda p: _below(p, 2 * p.eps * p.gamma * p.max_tv**2), _SMALL),
        ("constant 39/10", lambda p: _below(p, 39 * p.eps * p.gamma * p.max_tv**2 / 10), _SMALL),
        ("no penalty", lambda p: (p.eta_new, ">=", p.L), _TIGHT),
        (
            "one power of 1 - gamma",
            lambda p: _below(p, 4 * p.eps * p.gamma * p.max_tv**2 * (1 - p.gamma)),
            fixtures.tight("1/100"),
        ),
        ("gamma squared", lambda p: _below(p, 4 * p.eps * p.gamma**2 * p.max_tv**2), _TWO),
        (
            "eps without abs",
            lambda p: _below(p, 4 * p.max_sa(p.A) * p.gamma * p.max_tv**2),
            fixtures.pit,
        ),
        (
            "eps of visited states",
            lambda p: _below(p, 4 * p.mean_d(p.max_a(abs(p.A))) * p.gamma * p.max_tv**2),
            fixtures.tight(far=100),
        ),
        ("eps of (6)", lambda p: _below(p, 4 * p.eps_cpi * p.gamma * p.max_tv**2), _SMALL),
        (
            "d in place of rho in L",
            lambda p: (
                p.eta_new,
                ">=",
                p.eta + p.mean_d(p.A_bar) - 4 * p.eps * p.gamma * p.max_tv**2 / (1 - p.gamma) ** 2,
            ),
            fixtures.loss,
        ),
    ],
    "trpo_bound_upper": [
        (
            "constant 2",
            lambda p: (
                p.eta_new,
                "<=",
                p.L + 2 * p.eps * p.gamma * p.max_tv**2 / (1 - p.gamma) ** 2,
            ),
            fixtures.mirrored,
        ),
    ],
    "trpo_kl_bound": [
        ("C/4", lambda p: (p.eta_new, ">=", p.L - p.C / 4 * p.max_kl), _TWO),
        ("mean KL", lambda p: (p.eta_new, ">=", p.L - p.C * p.mean_kl), fixtures.rare_region),
    ],
    "trpo_kl_bound_half": [
        (
            "49/100 for 1/2",
            lambda p: (p.eta_new, ">=", p.L - 49 * p.C * p.max_kl / 100),
            fixtures.two_region("1/200"),
        ),
    ],
    "minorant_gain": [
        (
            "mean KL",
            lambda p: (p.eta_new - p.eta, ">=", p.L - p.C * p.mean_kl - p.M_pi),
            fixtures.rare_region,
        ),
    ],
    "monotone_improvement": [
        (
            "L in place of M",
            lambda p: (p.eta_new, ">=", p.eta),
            fixtures.tight("3/10"),
            lambda p: (p.L, ">=", p.eta),
        ),
    ],
}
