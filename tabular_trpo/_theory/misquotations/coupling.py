"""Misquotations of the lemmas behind Theorem 1, and of the steps from them to it."""

from typing import Any

from tabular_trpo._theory import fixtures
from tabular_trpo._theory.constants import coupling_constant
from tabular_trpo._theory.misquotations.misquotation import Rows
from tabular_trpo._theory.statements.coupling import drift
from tabular_trpo._theory.trace import Sides


def _c(p: Any) -> Any:
    return coupling_constant(p.max_tv, p.gamma)


def _printed(p: Any, t: int) -> Sides:
    """The middle term of Lemma 3 as printed, which does not grow with t and has no abs."""
    return drift(p, t)[0], "<=", 2 * p.max_tv * p.max_s(p.A_bar)


def _middle(p: Any, t: int) -> Sides:
    """The same with the largest absolute value: true for t = 1."""
    return drift(p, t)[0], "<=", 2 * p.max_tv * p.eps_cpi


def _halved(p: Any, t: int) -> Sides:
    lhs, relation, rhs = drift(p, t)
    return lhs, relation, rhs / 2


_TIGHT, _SMALL = fixtures.tight(), fixtures.tight("1/1000", "1/2")

COUPLING: Rows = {
    "mean_advantage_lemma": [
        ("2 missing", lambda p: (p.eps_cpi, "<=", p.max_tv * p.eps), _TIGHT),
        (
            "without abs",
            lambda p: (p.eps_cpi, "<=", 2 * p.max_tv * p.max_sa(p.A)),
            fixtures.pit,
        ),
    ],
    "drift_lemma_1": [
        ("2 missing", lambda p: _halved(p, 1), _TIGHT),
        ("as printed, without abs", lambda p: _printed(p, 1), fixtures.pit),
    ],
    "drift_lemma_2": [
        ("2 missing", lambda p: _halved(p, 2), _TIGHT),
        ("middle term as printed", lambda p: _printed(p, 2), _TIGHT),
        ("middle term with abs", lambda p: _middle(p, 2), _TIGHT),
    ],
    "drift_lemma_3": [
        ("2 missing", lambda p: _halved(p, 3), _TIGHT),
        ("middle term as printed", lambda p: _printed(p, 3), _TIGHT),
        ("middle term with abs", lambda p: _middle(p, 3), _TIGHT),
    ],
    "advantage_lemma": [
        (
            "half of the span",
            lambda p: (p.max_s(abs(p.A_bar) - p.tv * p.span_a(p.A) / 2), "<=", 0),
            _TIGHT,
        ),
    ],
    "advantage_lemma_eps": [
        ("2 missing", lambda p: (p.eps_cpi, "<=", p.smaller(1, p.max_tv) * p.eps), _TIGHT),
    ],
    "coupling_lemma": [
        ("one step less", lambda p: (p.step_tv(3), "<=", 1 - (1 - p.max_tv) ** 2), _TIGHT),
    ],
    "coupling_span": [
        (
            "half of the span",
            lambda p: (abs(p.eta_new - p.L), "<=", p.span_s(p.A_bar) / 2 * _c(p)),
            _TIGHT,
        ),
    ],
    "coupling_eps_cpi": [
        ("2 missing", lambda p: (p.span_s(p.A_bar) * _c(p), "<=", p.eps_cpi * _c(p)), _TIGHT),
    ],
    "coupling_capped": [
        (
            "cap at max_tv",
            lambda p: (2 * p.eps_cpi * _c(p), "<=", 2 * p.smaller(1, p.max_tv) * p.eps * _c(p)),
            _TIGHT,
        ),
    ],
    "coupling_rows": [
        (
            "2 missing",
            lambda p: (2 * p.eps_cpi * _c(p), "<=", p.max_tv * p.max_s(p.span_a(p.A)) * _c(p)),
            _TIGHT,
        ),
    ],
    "coupling_bound": [
        (
            "constant 2",
            lambda p: (
                2 * p.smaller(1, 2 * p.max_tv) * p.eps * _c(p),
                "<=",
                2 * p.max_tv * p.eps * _c(p),
            ),
            _TIGHT,
        ),
    ],
    "coupling_to_theorem": [
        (
            "one power of 1 - gamma",
            lambda p: (
                4 * p.max_tv * p.eps * _c(p),
                "<=",
                4 * p.eps * p.gamma * p.max_tv**2 / (1 - p.gamma),
            ),
            _TIGHT,
        ),
    ],
}
