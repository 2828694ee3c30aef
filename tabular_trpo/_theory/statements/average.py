"""Average reward: no discount; chains with one recurrent class, and nothing is said of others."""

from typing import Any

from tabular_trpo._theory.claim import theorem
from tabular_trpo._theory.trace import Sides

ZHANG_ROSS, PUTERMAN = "Zhang & Ross 2021", "Puterman 1994"


def mixing(p: Any) -> Sides:
    """Say that each of the two chains has one recurrent class."""
    return p.classes + p.classes_new, "<=", 2


def gain(p: Any) -> Any:
    """Return the mean advantage of pi_new in each state, the average reward being the return."""
    return p.sum_a(p.pi_new * (p.r + p.next(p.h) - p.h - p.J))


def error(p: Any) -> Any:
    """Return how far J_new is from what the old visits promise."""
    return abs(p.J_new - p.J - p.sum_s(p.d_avg * gain(p)))


def mean_step(p: Any) -> Any:
    """Return the mean total variation along the chain of pi."""
    return p.sum_s(p.d_avg * p.tv)


def moved(p: Any) -> Any:
    """Return the 1-norm between the stationary laws."""
    return p.sum_s(abs(p.d_avg_new - p.d_avg))


@theorem("Z&R Lemma 1", ZHANG_ROSS, when=mixing)
def average_performance_difference(p: Any) -> Sides:
    """The new average is the old one plus the mean advantage met by the new policy."""
    return p.J_new, "==", p.J + p.sum_s(p.d_avg_new * gain(p))


@theorem("Z&R, visits", f"after {ZHANG_ROSS}", when=mixing)
def average_visitation(p: Any) -> Sides:
    """Stationary laws part by the mean step times what Kemeny's constant leaves above 1."""
    return moved(p), "<=", 2 * (p.kemeny_new - 1) * mean_step(p)


@theorem("Z&R, visits, other chain", "own", when=mixing)
def average_visitation_new(p: Any) -> Sides:
    """Or by the constant of the old chain and the mean step along the new one."""
    return moved(p), "<=", 2 * (p.kemeny - 1) * p.sum_s(p.d_avg_new * p.tv)


@theorem("Z&R, bound", f"after {ZHANG_ROSS}", when=mixing)
def average_bound(p: Any) -> Sides:
    """The surrogate errs by that times the largest mean advantage."""
    return error(p), "<=", 2 * (p.kemeny_new - 1) * p.max_s(abs(gain(p))) * mean_step(p)


@theorem("Z&R, bound, centred", "own", when=mixing)
def average_centred(p: Any) -> Sides:
    """Or times half the span of the mean advantages."""
    return error(p), "<=", (p.kemeny_new - 1) * p.span_s(gain(p)) * mean_step(p)


@theorem("Puterman section 8.2", f"after {PUTERMAN}", when=lambda p: (p.classes, "<=", 1))
def stationary_value(p: Any) -> Sides:
    """Drawn from the stationary law the state is worth the average reward over a horizon."""
    return p.sum_s(p.d_avg * p.V), "==", p.J / (1 - p.gamma)


@theorem("Puterman section 8.2, span", f"after {PUTERMAN}", when=lambda p: (p.classes, "<=", 1))
def average_return(p: Any) -> Sides:
    """The normalised return differs from the average reward by a span of relative values."""
    return abs(p.J - (1 - p.gamma) * p.eta), "<=", (1 - p.gamma) * p.span_s(p.h)


AVERAGE = (
    average_performance_difference,
    average_visitation,
    average_visitation_new,
    average_bound,
    average_centred,
    stationary_value,
    average_return,
)
