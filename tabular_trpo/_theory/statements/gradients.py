"""Gradients in a table: policy gradient, natural gradient, compatible features, domination.

The path is (1 - w) pi + w pi_new; its score at w = 0 is h = (pi_new - pi) / pi, which has no value
where pi is 0.  Fisher matrix, natural gradient and fitted weights: `theory.fisher`.
"""

from typing import Any

from tabular_trpo._theory.claim import theorem
from tabular_trpo._theory.statements.mixtures import mismatch
from tabular_trpo._theory.trace import Sides, Symbols

SUTTON, KAKADE, MEI = "Sutton et al. 2000", "Kakade 2001", "Mei et al. 2020"


def score(p: Symbols) -> Any:
    """Return h(s, a), the derivative of log pi along the path."""
    return (p.pi_new - p.pi) / p.pi


def inner(p: Symbols, x: Any, y: Any) -> Any:
    """Return the product of two tables under rho pi."""
    return p.sum_s(p.rho * p.sum_a(p.pi * x * y))


def softmax_gradient(p: Symbols) -> Any:
    """Return the gradient of eta in softmax logits, rho pi A."""
    return p.rho * p.pi * p.A


def fit(p: Symbols, w: Any) -> Any:
    """Return the combination of scores with these weights, w - sum_a pi w."""
    return w - p.sum_a(p.pi * w)


@theorem("Sutton Theorem 1", SUTTON, same_as="surrogate_gradient")
def policy_gradient_direct(p: Symbols) -> Sides:
    """The slope of the return is the change of the policy times Q at the visits of pi."""
    return p.eta_dot, "==", p.sum_s(p.rho * p.sum_a((p.pi_new - p.pi) * p.Q))


@theorem("Sutton Theorem 1, score", f"after {SUTTON}", same_as="surrogate_gradient")
def policy_gradient_score(p: Symbols) -> Sides:
    """The slope of the return is the mean of the score times the advantage at visits of pi."""
    return p.eta_dot, "==", inner(p, score(p), p.A)


@theorem("Kakade section 3", f"after {KAKADE}")
def natural_gradient(p: Symbols) -> Sides:
    """The slope of the return along the natural gradient F^+ g is the mean square of A.

    F is the Fisher matrix of softmax logits in a table and g = rho pi A the gradient: g . F^+ g.
    """
    slope = p.sum_s(p.sum_a(softmax_gradient(p) * p.natural))
    return slope, "==", inner(p, p.A, p.A)


@theorem("Sutton Theorem 2", SUTTON)
def compatible_features(p: Symbols) -> Sides:
    """The fit of A by compatible features may replace A in the gradient.

    Here all states share their logits, and the slope is that along w_fit_new, as any other
    direction.
    """
    f = fit(p, p.w_fit)
    return inner(p, p.A, p.w_fit_new), "==", inner(p, f, p.w_fit_new)


@theorem("Sutton Theorem 2, fit", f"after {SUTTON}")
def compatible_fit(p: Symbols) -> Sides:
    """The weights w_fit fit A at least as well as other weights, such as w_fit_new."""
    near, far = p.A - fit(p, p.w_fit), p.A - fit(p, p.w_fit_new)
    return inner(p, near, near), "<=", inner(p, far, far)


@theorem("Mei Lemma 8", f"after {MEI}", when=lambda p: (-p.max_s(-p.max_a(p.pi_new)), ">=", 1))
def lojasiewicz(p: Symbols) -> Sides:
    """The norm of the softmax gradient rho pi A bounds the gain of any deterministic policy.

    The paper states it for the optimal one.  The states are counted as sum_s sum_a pi.
    """
    square = p.sum_s(p.sum_a(softmax_gradient(p) ** 2))
    count = p.sum_s(p.sum_a(p.pi))
    least = -p.max_s(-p.sum_a(p.pi * p.pi_new))
    left = mismatch(p) * p.sqrt(count * square)
    return left, ">=", least * (p.eta_new - p.eta)


def bent(p: Symbols) -> Any:
    """Return how far eta_new is from its linear prediction in softmax logits."""
    slope = p.sum_s(p.sum_a(softmax_gradient(p) * p.log(p.pi_new / p.pi)))
    return abs(p.eta_new - p.eta - slope)


def logit_step(p: Symbols) -> Any:
    """Return the square of the shortest step of the logits from pi to pi_new.

    A constant of each state is free, so the mean goes; the actions are counted as sum_a pi / pi.
    """
    step = p.log(p.pi_new / p.pi)
    return p.sum_s(p.sum_a(step**2) - p.sum_a(step) ** 2 / p.sum_a(p.pi / p.pi))


def reward_range(p: Symbols) -> Any:
    """Return the largest reward less the smallest."""
    return p.max_sa(p.r) + p.max_sa(-p.r)


@theorem("Mei Lemma 7", f"after {MEI}")
def softmax_smoothness(p: Symbols) -> Sides:
    """The return is at most 8 / (1 - gamma)^3 smooth in softmax logits, for rewards in [0, 1].

    So it is within 4 times the squared step of its linear prediction.  No value where a policy has
    a 0.
    """
    return bent(p), "<=", 4 * reward_range(p) * logit_step(p) / (1 - p.gamma) ** 3
