"""Gradients in a table: policy gradient, natural gradient, compatible features, domination.

The path is (1 - w) pi + w pi_new; its score at w = 0 is h = (pi_new - pi) / pi, which has no value
where pi is 0.
"""

from typing import Any

from tabular_trpo.theory.claim import theorem
from tabular_trpo.theory.trace import Sides

SUTTON = "Sutton et al. 2000"


def score(p: Any) -> Any:
    """Return h(s, a), the derivative of log pi along the path."""
    return (p.pi_new - p.pi) / p.pi


def inner(p: Any, x: Any, y: Any) -> Any:
    """Return the product of two tables under rho pi."""
    return p.sum_s(p.rho * p.sum_a(p.pi * x * y))


@theorem("Theorem 1", SUTTON)
def policy_gradient_direct(p: Any) -> Sides:
    """The slope of the return: visits times the change of the rows times Q."""
    return p.eta_dot, "==", p.sum_s(p.rho * p.sum_a((p.pi_new - p.pi) * p.Q))


@theorem("Theorem 1, score", SUTTON)
def policy_gradient_score(p: Any) -> Sides:
    """The same by the score function and the advantage."""
    return p.eta_dot, "==", inner(p, score(p), p.A)


@theorem("natural gradient", "Kakade 2001")
def natural_gradient(p: Any) -> Sides:
    """In a table the Fisher matrix maps the advantage to the gradient: h' F A = slope along h."""
    h = score(p)
    means = p.sum_a(p.pi * h) * p.sum_a(p.pi * p.A)
    return p.eta_dot, "==", p.sum_s(p.rho * (p.sum_a(p.pi * h * p.A) - means))


def _weight(p: Any) -> Any:
    """The least squares fit of A by a multiple of h."""
    return inner(p, p.A, score(p)) / inner(p, score(p), score(p))


@theorem("Theorem 2", SUTTON)
def compatible_features(p: Any) -> Sides:
    """The fit of A by the score has the same slope as A: here with one feature, h."""
    return p.eta_dot, "==", _weight(p) * inner(p, score(p), score(p))


@theorem("Theorem 2, fit", SUTTON)
def compatible_fit(p: Any) -> Sides:
    """And no other multiple of h is nearer to A, h itself for one."""
    near, far = p.A - _weight(p) * score(p), p.A - score(p)
    return inner(p, near, near), "<=", inner(p, far, far)


def softmax_gradient(p: Any) -> Any:
    """Return the gradient of eta in softmax logits, rho pi A."""
    return p.rho * p.pi * p.A


@theorem("Lemma 8", "Mei et al. 2020", when=lambda p: (-p.max_s(-p.max_a(p.pi_new)), ">=", 1))
def lojasiewicz(p: Any) -> Sides:
    """The softmax gradient rho pi A bounds the gain of any deterministic policy.

    Stated for the optimal one.  The states are counted as sum_s sum_a pi; no value where rho is 0.
    """
    square = p.sum_s(p.sum_a(softmax_gradient(p) ** 2))
    count = p.sum_s(p.sum_a(p.pi))
    least = -p.max_s(-p.sum_a(p.pi * p.pi_new))
    left = p.max_s(p.rho_new / p.rho) * p.sqrt(count * square)
    return left, ">=", least * (p.eta_new - p.eta)


GRADIENTS = (
    policy_gradient_direct,
    policy_gradient_score,
    natural_gradient,
    compatible_features,
    compatible_fit,
    lojasiewicz,
)
