"""Gradients in a table: policy gradient, natural gradient, compatible features, domination.

The path is (1 - w) pi + w pi_new; its score at w = 0 is h = (pi_new - pi) / pi, which has no value
where pi is 0.  Fisher matrix, natural gradient and fitted weights: `theory.fisher`.
"""

from typing import Any

from tabular_trpo._theory.claim import theorem
from tabular_trpo._theory.statements.mixtures import mismatch
from tabular_trpo._theory.symbols import Symbols
from tabular_trpo._theory.trace import Sides

SUTTON, KAKADE, MEI = "Sutton et al. 2000", "Kakade 2001", "Mei et al. 2020"


def score(p: Symbols) -> Any:
    """Return the score (pi_new - pi) / pi, the derivative of log pi along the path, (S, A)."""
    return (p.pi_new - p.pi) / p.pi


def inner(p: Symbols, x: Any, y: Any) -> Any:
    """Return the inner product of two tables under rho pi, sum_s rho sum_a pi x y."""
    return p.sum_s(p.rho * p.sum_a(p.pi * x * y))


def softmax_gradient(p: Symbols) -> Any:
    """Return the gradient of eta with respect to softmax logits, rho pi A, (S, A)."""
    return p.rho * p.pi * p.A


def fit(p: Symbols, w: Any) -> Any:
    """Return the linear combination of the scores with weights w, w - sum_a pi w, (S, A)."""
    return w - p.sum_a(p.pi * w)


@theorem("Sutton Theorem 1", SUTTON, same_as="surrogate_gradient")
def policy_gradient_direct(p: Symbols) -> Sides:
    """The derivative of the return towards pi_new is sum_s rho sum_a (pi_new - pi) Q.

    The derivative eta_dot is that of eta((1 - w) pi + w pi_new) at w = 0.
    """
    return p.eta_dot, "==", p.sum_s(p.rho * p.sum_a((p.pi_new - p.pi) * p.Q))


@theorem("Sutton Theorem 1, score", f"after {SUTTON}", same_as="surrogate_gradient")
def policy_gradient_score(p: Symbols) -> Sides:
    """The derivative of the return towards pi_new is the sum of rho pi times score times A.

    The derivative eta_dot is that of eta((1 - w) pi + w pi_new) at w = 0; the score is (pi_new -
    pi) / pi, which has no value where pi is 0.
    """
    return p.eta_dot, "==", inner(p, score(p), p.A)


@theorem("Kakade section 3", f"after {KAKADE}")
def natural_gradient(p: Symbols) -> Sides:
    """The slope of the return along the natural gradient F^+ g is sum_s rho sum_a pi A^2.

    F is the Fisher matrix of softmax logits in a table, and g = rho pi A is the gradient; the slope
    is g . F^+ g.
    """
    slope = p.sum_s(p.sum_a(softmax_gradient(p) * p.natural))
    return slope, "==", inner(p, p.A, p.A)


@theorem("Sutton Theorem 2", SUTTON)
def compatible_features(p: Symbols) -> Sides:
    """The least-squares fit of A by compatible features may replace A in the policy gradient.

    The features are the scores of softmax logits that all states share.  The statement compares the
    slopes in one direction, w_fit_new, with A and with its fit.
    """
    f = fit(p, p.w_fit)
    return inner(p, p.A, p.w_fit_new), "==", inner(p, f, p.w_fit_new)


@theorem("Sutton Theorem 2, fit", f"after {SUTTON}")
def compatible_fit(p: Symbols) -> Sides:
    """The squared error of the fit of A by scores is at most as large with w_fit as with w_fit_new.

    The weights w_fit are those of the least-squares fit under rho pi; w_fit_new stands for any
    other weights.
    """
    near, far = p.A - fit(p, p.w_fit), p.A - fit(p, p.w_fit_new)
    return inner(p, near, near), "<=", inner(p, far, far)


@theorem("Mei Lemma 8", f"after {MEI}", when=lambda p: (-p.max_s(-p.max_a(p.pi_new)), ">=", 1))
def lojasiewicz(p: Symbols) -> Sides:
    """The norm of the softmax gradient rho pi A bounds the gain of a deterministic policy pi_new.

    max_s(rho_new / rho) sqrt(n) norm(rho pi A) is at least (eta_new - eta) times the smallest
    probability that pi gives to the action of pi_new.  Here n is the number of states, written as
    sum_s sum_a pi.  The paper states it for the optimal policy.
    """
    square = p.sum_s(p.sum_a(softmax_gradient(p) ** 2))
    count = p.sum_s(p.sum_a(p.pi))
    least = -p.max_s(-p.sum_a(p.pi * p.pi_new))
    left = mismatch(p) * p.sqrt(count * square)
    return left, ">=", least * (p.eta_new - p.eta)


def linearization_error(p: Symbols) -> Any:
    """Return the error of the linear prediction of eta_new in softmax logits.

    It is abs(eta_new - eta - sum_sa rho pi A log(pi_new / pi)).
    """
    slope = p.sum_s(p.sum_a(softmax_gradient(p) * p.log(p.pi_new / p.pi)))
    return abs(p.eta_new - p.eta - slope)


def logit_step(p: Symbols) -> Any:
    """Return the square of the shortest step of the softmax logits from pi to pi_new.

    A constant may be added to the logits of a state, so the mean of the step over the actions is
    subtracted.  The number of actions is written as sum_a pi / pi.

    A constant of each state is free, so the mean goes; the actions are counted as sum_a pi / pi.
    """
    step = p.log(p.pi_new / p.pi)
    return p.sum_s(p.sum_a(step**2) - p.sum_a(step) ** 2 / p.sum_a(p.pi / p.pi))


def reward_range(p: Symbols) -> Any:
    """Return the largest reward less the smallest."""
    return p.max_sa(p.r) + p.max_sa(-p.r)


@theorem("Mei Lemma 7", f"after {MEI}")
def softmax_smoothness(p: Symbols) -> Sides:
    """For rewards in [0, 1], the return is 8 / (1 - gamma)^3 smooth in softmax logits.

    So the error of the linear prediction of eta_new is at most 4 / (1 - gamma)^3 times the square
    of the step of the logits.  For other rewards the bound is multiplied by their range.  There is
    no value where a policy has a probability of 0.
    """
    return linearization_error(p), "<=", 4 * reward_range(p) * logit_step(p) / (1 - p.gamma) ** 3
