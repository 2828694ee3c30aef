"""Misquotations of what divergences of rows say of each other."""

from tabular_trpo._theory import fixtures
from tabular_trpo._theory.misquotations.misquotation import Rows
from tabular_trpo._theory.statements.divergences import kept, second, shared

_TWO = fixtures.two_region()
_CERTAIN = fixtures.arm("1", "1", "1/2")
_LONG, _SHORT = fixtures.arm("1", "1/2", "1/100"), fixtures.arm("1", "1/2", "501/1000")

DIVERGENCES: Rows = {
    "tv_squared_kl": [
        ("1-norm", lambda p: (p.max_s((2 * p.tv) ** 2 - p.kl), "<=", 0), _TWO),
        ("no square", lambda p: (p.max_s(p.tv - p.kl), "<=", 0), _TWO),
    ],
    "pinsker": [
        ("1-norm", lambda p: (p.max_s((2 * p.tv) ** 2 - p.kl / 2), "<=", 0), _TWO),
        ("49/100 for 1/2", lambda p: (p.max_s(p.tv**2 - 49 * p.kl / 100), "<=", 0), _TWO),
    ],
    "bretagnolle_huber": [
        ("no square", lambda p: (p.max_s(-p.log(1 - p.tv) - p.kl), "<=", 0), fixtures.tight()),
    ],
    "hoeffding_kl": [
        (
            "actions of pi alone",
            lambda p: (
                p.max_s(p.kl - p.max_a(p.ratio(p.pi, p.pi) * p.log_gap) ** 2 / 2),
                "<=",
                0,
            ),
            _CERTAIN,
            kept,
        ),
        (
            "49/100 for 1/2",
            lambda p: (p.max_s(p.kl - 49 * p.max_a(p.log_gap) ** 2 / 100), "<=", 0),
            _SHORT,
            shared,
        ),
    ],
    "renyi_kl": [
        ("half", lambda p: (p.max_s(p.kl - p.log(second(p)) / 2), "<=", 0), _CERTAIN, kept),
        (
            "reversed KL",
            lambda p: (p.max_s(p.kl_reversed - p.log(second(p))), "<=", 0),
            fixtures.arm("1", "1/100", "1/2"),
            kept,
        ),
    ],
    "chi_square_kl": [
        ("half", lambda p: (p.max_s(p.kl - (second(p) - 1) / 2), "<=", 0), _CERTAIN, kept),
        (
            "of the exchanged policies",
            lambda p: (
                p.max_s(p.kl - (p.sum_a(p.ratio(p.pi_new**2, p.pi)) - 1)),
                "<=",
                0,
            ),
            _LONG,
            shared,
        ),
    ],
}
