"""Gradients in a table: policy gradient, natural gradient, compatible features, domination.

The path is (1 - w) pi + w pi_new; its score at w = 0 is h = (pi_new - pi) / pi, which has no value
where pi is 0.
"""

from typing import Any

from tabular_trpo.theory.claim import theorem
from tabular_trpo.theory.trace import Sides

SUTTON, MEI = "Sutton et al. 2000", "Mei et al. 2020"


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


@theorem("Lemma 8", MEI, when=lambda p: (-p.max_s(-p.max_a(p.pi_new)), ">=", 1))
def lojasiewicz(p: Any) -> Sides:
    """The softmax gradient rho pi A bounds the gain of any deterministic policy.

    Stated for the optimal one.  The states are counted as sum_s sum_a pi; no value where rho is 0.
    """
    square = p.sum_s(p.sum_a(softmax_gradient(p) ** 2))
    count = p.sum_s(p.sum_a(p.pi))
    least = -p.max_s(-p.sum_a(p.pi * p.pi_new))
    left = p.max_s(p.rho_new / p.rho) * p.sqrt(count * square)
    return left, ">=", least * (p.eta_new - p.eta)


def bent(p: Any) -> Any:
    """Return how far eta_new is from its linear prediction in softmax logits."""
    slope = p.sum_s(p.sum_a(softmax_gradient(p) * p.log(p.pi_new / p.pi)))
    return abs(p.eta_new - p.eta - slope)


def logit_step(p: Any) -> Any:
    """Return the square of the shortest step of the logits from pi to pi_new.

    A constant of each state is free, so the mean goes; the actions are counted as sum_a pi / pi.
    """
    step = p.log(p.pi_new / p.pi)
    return p.sum_s(p.sum_a(step**2) - p.sum_a(step) ** 2 / p.sum_a(p.pi / p.pi))


def reward_range(p: Any) -> Any:
    """Return the largest reward less the smallest."""
    return p.max_sa(p.r) + p.max_sa(-p.r)


@theorem("Lemma 7", MEI)
def softmax_smoothness(p: Any) -> Sides:
    """The return bends by 8 / (1 - gamma)^3 at most, for rewards in [0, 1], so 4 times the square.

    No value where a policy has a 0.
    """
    return bent(p), "<=", 4 * reward_range(p) * logit_step(p) / (1 - p.gamma) ** 3


GRADIENTS = (
    policy_gradient_direct,
    policy_gradient_score,
    natural_gradient,
    compatible_features,
    compatible_fit,
    lojasiewicz,
    softmax_smoothness,
)
