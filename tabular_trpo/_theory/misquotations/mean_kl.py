"""Misquotations of the bounds by KL divergences."""

from fractions import Fraction
from functools import reduce
from operator import add
from typing import Any

from tabular_trpo._theory import fixtures
from tabular_trpo._theory.misquotations.misquotation import Rows
from tabular_trpo._theory.statements.constrained import error
from tabular_trpo._theory.statements.mean_kl import SERIES, TERMS, root

_NEARLY = Fraction(99, 100)


def _short(p: Any) -> Any:
    return p.gamma * p.sqrt(p.mean_kl / 2) / (1 - p.gamma)


def _paths(p: Any) -> Any:
    head = reduce(add, (p.gamma**t * p.smaller(1, p.sqrt(t * p.max_kl / 2)) for t in SERIES))
    return head + p.gamma**TERMS / (1 - p.gamma)


def _H(p: Any) -> Any:
    return p.sqrt(p.sum_s((p.sqrt(p.d_new) - p.sqrt(p.d)) ** 2))


MEAN_KL: Rows = {
    "visitation_kl": [
        (
            "horizon missing",
            lambda p: (p.kl_d, "<=", p.gamma * p.mean_kl),
            fixtures.long_way,
        ),
    ],
    "visitation_mean_kl": [
        (
            "horizon missing",
            lambda p: (p.sum_s(abs(p.rho_new - p.rho)), "<=", 2 * _short(p)),
            fixtures.tight(),
        ),
        (
            "99/100",
            lambda p: (p.sum_s(abs(p.rho_new - p.rho)), "<=", 2 * _NEARLY * root(p)),
            fixtures.fork,
        ),
    ],
    "mean_kl_root": [
        (
            "horizon missing",
            lambda p: (error(p), "<=", 2 * p.eps_cpi * _short(p)),
            fixtures.tight(),
        ),
        (
            "99/100",
            lambda p: (error(p), "<=", 2 * p.eps_cpi * _NEARLY * root(p)),
            fixtures.fork,
        ),
    ],
    "mean_kl_worst_case": [
        (
            "any step",
            lambda p: (p.eta_new - p.eta, ">=", -2 * p.eps_cpi * _short(p)),
            fixtures.rare_region,
        ),
    ],
    "path_kl": [
        ("2 missing", lambda p: (error(p), "<=", p.eps_cpi * _paths(p)), fixtures.tight()),
    ],
    "path_kl_linear": [
        (
            "one root of the horizon less",
            lambda p: (error(p), "<=", 2 * p.eps * p.max_kl * p.gamma / (1 - p.gamma)),
            fixtures.long_way,
        ),
    ],
    "hellinger": [
        (
            "2 missing",
            lambda p: (
                (1 - p.gamma) * error(p),
                "<=",
                _H(p) * (p.sqrt(p.mean_d(p.A_bar**2)) + p.eps_cpi * _H(p)),
            ),
            fixtures.rare_region,
        ),
    ],
    "hellinger_kl": [
        ("half", lambda p: (_H(p) ** 2, "<=", p.kl_d / 2), fixtures.rare_region),
    ],
    "mean_kl_linear": [
        (
            "leading term alone",
            lambda p: (error(p), "<=", p.C / 4 * p.mean_kl),
            fixtures.two_region(),
        ),
    ],
    "trpo_mean_kl": [
        ("any gamma", lambda p: (p.eta_new, ">=", p.L - p.C * p.mean_kl), fixtures.rare_region),
    ],
    "trpo_kl_reversed": [
        (
            "C/4",
            lambda p: (p.eta_new, ">=", p.L - p.C / 4 * p.max_s(p.kl_reversed)),
            fixtures.two_region(),
        ),
    ],
    "trpo_bretagnolle_huber": [
        (
            "C/4",
            lambda p: (-p.log(1 - 4 * (p.L - p.eta_new) / p.C), "<=", p.max_kl),
            fixtures.two_region(),
        ),
    ],
}
