"""Average rewards without discount, for chains with one recurrent class.

The statements use the stationary distributions d_avg and d_avg_new, Kemeny's constants and the
relative values h; gamma does not occur, except in the last two statements.
"""

from typing import Any

from tabular_trpo._theory.claim import theorem
from tabular_trpo._theory.symbols import Symbols
from tabular_trpo._theory.trace import Sides

ZHANG_ROSS, PUTERMAN = "Zhang & Ross 2021", "Puterman 1994"


def mixing(p: Symbols) -> Sides:
    """State that the chains of pi and pi_new have one recurrent class each."""
    return p.classes + p.classes_new, "<=", 2


def gain(p: Symbols) -> Any:
    """Return the mean average-reward advantage of pi_new, sum_a pi_new (r + P h - h - J), (S,)."""
    return p.sum_a(p.pi_new * (p.r + p.expect_next(p.h) - p.h - p.J))


def error(p: Symbols) -> Any:
    """Return the error of the average-reward surrogate, abs(J_new - J - sum_s d_avg gain)."""
    return abs(p.J_new - p.J - p.sum_s(p.d_avg * gain(p)))


def mean_step(p: Symbols) -> Any:
    """Return the mean of tv under the stationary distribution of pi, sum_s d_avg tv."""
    return p.sum_s(p.d_avg * p.tv)


def change(p: Symbols) -> Any:
    """Return the 1-norm of the difference of the stationary distributions, d_avg_new - d_avg."""
    return p.sum_s(abs(p.d_avg_new - p.d_avg))


@theorem("Z&R Lemma 1", ZHANG_ROSS, when=mixing)
def average_performance_difference(p: Symbols) -> Sides:
    """J_new - J is the mean advantage of pi_new under the stationary distribution of pi_new.

    The advantage is that of the average reward, r + P h - h - J with the relative value h of pi.
    """
    return p.J_new, "==", p.J + p.sum_s(p.d_avg_new * gain(p))


@theorem("Z&R, visits", f"after {ZHANG_ROSS}", when=mixing)
def average_visitation(p: Symbols) -> Sides:
    """The stationary distributions differ by at most 2 (kemeny_new - 1) times the mean step.

    The difference is the 1-norm.  The mean step is the mean of the total variation distance tv
    under the stationary distribution of pi; kemeny_new is Kemeny's constant of the chain of pi_new.
    """
    return change(p), "<=", 2 * (p.kemeny_new - 1) * mean_step(p)


@theorem("Z&R, visits, other chain", "own", when=mixing)
def average_visitation_new(p: Symbols) -> Sides:
    """The stationary distributions differ by at most 2 (kemeny - 1) times the new mean step.

    The difference is the 1-norm.  The new mean step is the mean of the total variation distance tv
    under the stationary distribution of pi_new; kemeny is Kemeny's constant of the chain of pi.
    """
    return change(p), "<=", 2 * (p.kemeny - 1) * p.sum_s(p.d_avg_new * p.tv)


@theorem("Z&R, bound", f"after {ZHANG_ROSS}", when=mixing)
def average_bound(p: Symbols) -> Sides:
    """The error of the average surrogate is at most a multiple of the largest mean advantage.

    The surrogate of the average reward is J plus the mean advantage of pi_new under the stationary
    distribution of pi.  The multiple is 2 (kemeny_new - 1) times the mean of tv under that
    distribution, which bounds the 1-norm of the difference of the stationary distributions.
    """
    return error(p), "<=", 2 * (p.kemeny_new - 1) * p.max_s(abs(gain(p))) * mean_step(p)


@theorem("Z&R, bound, centred", "own", when=mixing)
def average_centred(p: Symbols) -> Sides:
    """The error of the average surrogate is at most a multiple of the span of mean advantages.

    The surrogate of the average reward is J plus the mean advantage of pi_new under the stationary
    distribution of pi.  The multiple is (kemeny_new - 1) times the mean of tv under that
    distribution; the span is the maximum less the minimum over the states.
    """
    return error(p), "<=", (p.kemeny_new - 1) * p.span_s(gain(p)) * mean_step(p)


@theorem("Puterman section 8.2", f"after {PUTERMAN}", when=lambda p: (p.classes, "<=", 1))
def stationary_value(p: Symbols) -> Sides:
    """The mean of V under the stationary distribution d_avg of pi is J / (1 - gamma)."""
    return p.sum_s(p.d_avg * p.V), "==", p.J / (1 - p.gamma)


@theorem("Puterman section 8.2, span", f"after {PUTERMAN}", when=lambda p: (p.classes, "<=", 1))
def average_return(p: Symbols) -> Sides:
    """The error abs(J - (1 - gamma) eta) is at most (1 - gamma) times the span of h.

    Here h is the relative value of the chain of pi, and J is its average reward.
    """
    return abs(p.J - (1 - p.gamma) * p.eta), "<=", (1 - p.gamma) * p.span_s(p.h)
