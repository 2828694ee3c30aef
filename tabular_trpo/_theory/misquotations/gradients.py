"""Misquotations about policy gradients, natural gradients, fits, smoothness and domination."""

from typing import Any

from tabular_trpo._theory import fixtures
from tabular_trpo._theory.misquotations.misquotation import Rows
from tabular_trpo._theory.statements.gradients import (
    bent,
    fit,
    inner,
    logit_step,
    reward_range,
    score,
    softmax_gradient,
)
from tabular_trpo._theory.statements.mixtures import mismatch


def _along(p: Any, direction: Any) -> Any:
    return p.sum_s(p.sum_a(softmax_gradient(p) * direction))


def _misfit(p: Any, w: Any) -> Any:
    rest = p.A - fit(p, w)
    return inner(p, rest, rest)


def _squares(p: Any) -> Any:
    return p.sum_s(p.sum_a(softmax_gradient(p) ** 2))


def _least(p: Any) -> Any:
    return -p.max_s(-p.sum_a(p.pi * p.pi_new))


GRADIENTS: Rows = {
    "policy_gradient_direct": [
        (
            "d in place of rho",
            lambda p: (p.eta_dot, "==", p.mean_d(p.sum_a((p.pi_new - p.pi) * p.Q))),
            fixtures.tight(),
        ),
    ],
    "policy_gradient_score": [
        (
            "weights of the new policy",
            lambda p: (p.eta_dot, "==", p.sum_s(p.rho * p.sum_a(p.pi_new * score(p) * p.A))),
            fixtures.arm(),
        ),
    ],
    "natural_gradient": [
        (
            "d in place of rho",
            lambda p: (_along(p, p.natural), "==", (1 - p.gamma) * inner(p, p.A, p.A)),
            fixtures.two_region(),
        ),
        (
            "plain gradient",
            lambda p: (_along(p, softmax_gradient(p)), "==", inner(p, p.A, p.A)),
            fixtures.arm(),
        ),
    ],
    "compatible_features": [
        (
            "not centred",
            lambda p: (inner(p, p.A, p.w_fit_new), "==", inner(p, p.w_fit, p.w_fit_new)),
            fixtures.once,
        ),
        (
            "fit of the new policy",
            lambda p: (
                inner(p, p.A, p.w_fit_new),
                "==",
                inner(p, fit(p, p.w_fit_new), p.w_fit_new),
            ),
            fixtures.two_region(),
        ),
    ],
    "compatible_fit": [
        (
            "the other way",
            lambda p: (_misfit(p, p.w_fit_new), "<=", _misfit(p, p.w_fit)),
            fixtures.two_region(),
        ),
        (
            "weights of the table",
            lambda p: (_misfit(p, p.w_fit), "<=", _misfit(p, p.natural)),
            fixtures.crossing,
        ),
    ],
    "softmax_smoothness": [
        (
            "without the gradient",
            lambda p: (
                abs(p.eta_new - p.eta),
                "<=",
                4 * reward_range(p) * logit_step(p) / (1 - p.gamma) ** 3,
            ),
            fixtures.arm("1", "1/2", "13/25", "0"),
        ),
        (
            "horizon missing",
            lambda p: (bent(p), "<=", 4 * reward_range(p) * logit_step(p)),
            fixtures.arm("1", "3/4", "1/2", "59/60"),
        ),
        (
            "constant 1/20",
            lambda p: (
                bent(p),
                "<=",
                reward_range(p) * logit_step(p) / (20 * (1 - p.gamma) ** 3),
            ),
            fixtures.arm("1", "3/4", "1/2", "0"),
        ),
    ],
    "lojasiewicz": [
        (
            "number of states missing",
            lambda p: (
                mismatch(p) * p.sqrt(_squares(p)),
                ">=",
                _least(p) * (p.eta_new - p.eta),
            ),
            fixtures.rare_gain,
            lambda p: (-p.max_s(-p.max_a(p.pi_new)), ">=", 1),
        ),
        (
            "no shift of visits",
            lambda p: (
                p.sqrt(p.sum_s(p.sum_a(p.pi)) * _squares(p)),
                ">=",
                _least(p) * (p.eta_new - p.eta),
            ),
            fixtures.short_cut,
            lambda p: (-p.max_s(-p.max_a(p.pi_new)), ">=", 1),
        ),
    ],
}
