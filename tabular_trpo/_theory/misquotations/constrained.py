"""Misquotations of the bounds by mean steps and spans."""

from typing import Any

from tabular_trpo._theory import fixtures
from tabular_trpo._theory.misquotations.misquotation import Rows
from tabular_trpo._theory.statements.constrained import error, per_horizon
from tabular_trpo._theory.statements.mixtures import promised
from tabular_trpo._theory.trace import Sides


def _promise(p: Any, delta: Any) -> Any:
    return p.sum_s(p.rho * p.sum_a((p.pi_new - p.pi) * delta))


def _from(p: Any, delta: Any, constant: int) -> Sides:
    eps_f = p.max_s(abs(p.sum_a(p.pi_new * delta)))
    missed = abs(p.eta_new - p.eta - _promise(p, delta))
    return missed, "<=", per_horizon(p, constant * eps_f * p.mean_tv)


CONSTRAINED: Rows = {
    "spi_bound": [
        (
            "half",
            lambda p: (error(p), "<=", per_horizon(p, p.max_tv * p.span_s(p.A_bar) / 2)),
            fixtures.tight(),
        ),
    ],
    "spi_bound_q": [
        (
            "2 missing",
            lambda p: (error(p), "<=", per_horizon(p, p.max_tv**2 * p.max_s(p.span_a(p.Q)))),
            fixtures.tight(),
        ),
    ],
    "spi_step": [
        (
            "any weight",
            lambda p: (p.eta_new - p.eta, ">=", p.alpha * promised(p) / 2),
            fixtures.cpi(),
            lambda p: (promised(p), ">=", 0),
        ),
    ],
    "cpo_bound": [
        (
            "2 missing",
            lambda p: (p.eta_new, ">=", p.L - per_horizon(p, p.eps_cpi * p.mean_tv)),
            fixtures.tight(),
        ),
        (
            "eps of visited states",
            lambda p: (
                p.eta_new,
                ">=",
                p.L - per_horizon(p, 2 * p.mean_d(abs(p.A_bar)) * p.max_tv),
            ),
            fixtures.rare_region,
        ),
    ],
    "cpo_bound_upper": [
        (
            "2 missing",
            lambda p: (p.eta_new, "<=", p.L + per_horizon(p, p.eps_cpi * p.mean_tv)),
            fixtures.mirrored,
        ),
    ],
    "cpo_general_zero": [
        ("2 missing", lambda p: _from(p, p.r, 1), fixtures.tight()),
    ],
    "cpo_general_half": [
        (
            "2 missing",
            lambda p: _from(p, p.r + p.gamma * p.next(p.V_new / 2) - p.V_new / 2, 1),
            fixtures.tight(),
        ),
    ],
    "cpo_general_exact": [
        (
            "old value",
            lambda p: (p.eta_new - p.eta, "==", _promise(p, p.r + p.gamma * p.next(p.V) - p.V)),
            fixtures.tight(),
        ),
    ],
    "cpo_kl_reversed": [
        (
            "2 missing",
            lambda p: (
                error(p),
                "<=",
                per_horizon(p, p.eps_cpi * p.sqrt(p.mean_d(p.kl_reversed) / 2)),
            ),
            fixtures.two_region(),
        ),
    ],
    "cpo_kl": [
        (
            "2 missing",
            lambda p: (error(p), "<=", per_horizon(p, p.eps_cpi * p.sqrt(p.mean_kl / 2))),
            fixtures.two_region(),
        ),
    ],
    "cpo_worst_case": [
        (
            "any step",
            lambda p: (
                p.eta_new - p.eta,
                ">=",
                -per_horizon(p, p.eps_cpi * p.sqrt(2 * p.mean_d(p.kl_reversed))),
            ),
            fixtures.rare_region,
        ),
    ],
    "cpo_visitation": [
        (
            "2 missing",
            lambda p: (p.sum_s(abs(p.rho_new - p.rho)), "<=", per_horizon(p, p.mean_tv)),
            fixtures.tight(),
        ),
    ],
    "cpo_visitation_new": [
        (
            "2 missing",
            lambda p: (
                p.sum_s(abs(p.rho_new - p.rho)),
                "<=",
                per_horizon(p, p.sum_s(p.d_new * p.tv)),
            ),
            fixtures.tight(),
        ),
    ],
    "cpo_centred": [
        (
            "half",
            lambda p: (error(p), "<=", per_horizon(p, p.span_s(p.A_bar) * p.mean_tv / 2)),
            fixtures.tight(),
        ),
    ],
    "residual_span": [
        (
            "half",
            lambda p: (
                error(p),
                "<=",
                p.gamma * p.sum_s(p.rho * p.tv) * p.span_s(p.V_new - p.V) / 2,
            ),
            fixtures.tight(),
        ),
    ],
    "residual_visitation": [
        (
            "a quarter",
            lambda p: (error(p), "<=", p.sum_s(abs(p.rho_new - p.rho)) * p.span_s(p.A_bar) / 4),
            fixtures.tight(),
        ),
    ],
}
