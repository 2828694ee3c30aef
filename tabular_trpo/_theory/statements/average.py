"""Average rewards without discount, for chains with one recurrent class.

Both sides rest on the stationary laws d_avg and d_avg_new, on Kemeny's constants and on the
relative values h; gamma does not occur, except in the last two statements.
"""

from typing import Any

from tabular_trpo._theory.claim import theorem
from tabular_trpo._theory.trace import Sides, Symbols

ZHANG_ROSS, PUTERMAN = "Zhang & Ross 2021", "Puterman 1994"


def mixing(p: Symbols) -> Sides:
    """State that each of the two chains has one recurrent class."""
    return p.classes + p.classes_new, "<=", 2


def gain(p: Symbols) -> Any:
    """Return the mean advantage of pi_new in each state, the average reward being the return."""
    return p.sum_a(p.pi_new * (p.r + p.next(p.h) - p.h - p.J))


def error(p: Symbols) -> Any:
    """Return the error of J plus the mean advantages under the stationary law of pi."""
    return abs(p.J_new - p.J - p.sum_s(p.d_avg * gain(p)))


def mean_step(p: Symbols) -> Any:
    """Return the mean total variation along the chain of pi."""
    return p.sum_s(p.d_avg * p.tv)


def change(p: Symbols) -> Any:
    """Return the 1-norm of the difference of the stationary laws."""
    return p.sum_s(abs(p.d_avg_new - p.d_avg))


@theorem("Z&R Lemma 1", ZHANG_ROSS, when=mixing)
def average_performance_difference(p: Symbols) -> Sides:
    """The average reward gains the mean advantages under the stationary law of pi_new."""
    return p.J_new, "==", p.J + p.sum_s(p.d_avg_new * gain(p))


@theorem("Z&R, visits", f"after {ZHANG_ROSS}", when=mixing)
def average_visitation(p: Symbols) -> Sides:
    """The stationary laws differ by at most 2 (kemeny_new - 1) times the old mean step.

    The mean step is that along the chain of pi; the difference is the 1-norm.
    """
    return change(p), "<=", 2 * (p.kemeny_new - 1) * mean_step(p)


@theorem("Z&R, visits, other chain", "own", when=mixing)
def average_visitation_new(p: Symbols) -> Sides:
    """The stationary laws differ by at most 2 (kemeny - 1) times the new mean step.

    The mean step is that along the chain of pi_new; the difference is the 1-norm.
    """
    return change(p), "<=", 2 * (p.kemeny - 1) * p.sum_s(p.d_avg_new * p.tv)


@theorem("Z&R, bound", f"after {ZHANG_ROSS}", when=mixing)
def average_bound(p: Symbols) -> Sides:
    """The error of the average surrogate is at most a multiple of the largest mean advantage.

    The factor 2 (kemeny_new - 1) times the mean step bounds the change of the stationary laws.
    """
    return error(p), "<=", 2 * (p.kemeny_new - 1) * p.max_s(abs(gain(p))) * mean_step(p)


@theorem("Z&R, bound, centred", "own", when=mixing)
def average_centred(p: Symbols) -> Sides:
    """The error of the average surrogate is at most a multiple of the span of mean advantages.

    The factor 2 (kemeny_new - 1) times the mean step bounds the change of the stationary laws.
    """
    return error(p), "<=", (p.kemeny_new - 1) * p.span_s(gain(p)) * mean_step(p)


@theorem("Puterman section 8.2", f"after {PUTERMAN}", when=lambda p: (p.classes, "<=", 1))
def stationary_value(p: Symbols) -> Sides:
    """The mean of V under the stationary law is the average reward divided by 1 - gamma."""
    return p.sum_s(p.d_avg * p.V), "==", p.J / (1 - p.gamma)


@theorem("Puterman section 8.2, span", f"after {PUTERMAN}", when=lambda p: (p.classes, "<=", 1))
def average_return(p: Symbols) -> Sides:
    """The normalised return is within (1 - gamma) times the span of h of the average reward.

    h is the relative value of the chain of pi.
    """
    return abs(p.J - (1 - p.gamma) * p.eta), "<=", (1 - p.gamma) * p.span_s(p.h)
