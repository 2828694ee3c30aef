"""The steps that `improve` can take, in one table: a new step is one entry."""

from collections.abc import Callable, Mapping
from fractions import Fraction
from math import isinf
from typing import final

import numpy as np

from tabular_trpo._app.shared.errors import UsageError
from tabular_trpo._core.errors import LimitError, Problem
from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.nearest import nearest
from tabular_trpo._core.numbers import Array, Scalar, is_rational
from tabular_trpo._core.records import locked_dataclass
from tabular_trpo._exact.evaluate import Evaluation
from tabular_trpo._exact.surrogate import Surrogate
from tabular_trpo._improve.conservative import conservative
from tabular_trpo._improve.greedy import greedy
from tabular_trpo._improve.iterate import StepFunction
from tabular_trpo._improve.minorize import minorize
from tabular_trpo._improve.mirror import mirror
from tabular_trpo._improve.natural import following, natural
from tabular_trpo._improve.rational_steps import in_floats, on_grid
from tabular_trpo._improve.step import Step
from tabular_trpo._improve.total_variation import mean_tv_constraint, tv_constraint, tv_penalty
from tabular_trpo._improve.trust_region import max_kl, mean_kl, mean_kl_penalty
from tabular_trpo._theory.constants import penalty

Settings = Mapping[str, Fraction]
ASCENT = "(10): an ascent on a minorant, and no state has a negative mean advantage"
STATEWISE = "after (2): no state has a negative mean advantage"
MEANING = {
    "delta": "size of the trust region",
    "C": "penalty coefficient",
    "lam": "temperature of the mirror step",
    "alpha": "weight of the mixture, in [0, 1]",
}


@final
@locked_dataclass(frozen=True)
class Method:
    """A step with its name and its settings.

    does:    what it maximises
    make:    from the settings and the start to the step function of one run
    needs:   settings that must be given
    may:     further settings that may be given
    promise: why eta cannot decrease, None where it may
    """

    name: str
    does: str
    make: Callable[[Settings, MDP, Array], StepFunction]
    needs: tuple[str, ...] = ()
    may: tuple[str, ...] = ()
    promise: str | None = STATEWISE


def _number(settings: Settings, name: str, L: Surrogate) -> Scalar:
    """Return a setting in the arithmetic of the surrogate that the step is given."""
    return settings[name] if is_rational(L.pi) else _double(f"--{name}", settings[name])


def _double(name: str, value: Scalar) -> float:
    """Return the nearest double.

    raises: LimitError where it is beyond the largest
    """
    if not isinf(near := nearest(value)):
        return near
    raise LimitError(Problem("overflow", name, "is too large for a float step", "at most 1.7e308"))


def _alpha(settings: Settings, L: Surrogate) -> Scalar | str:
    return _number(settings, "alpha", L) if "alpha" in settings else "paper"


Solver = Callable[[Settings, Evaluation, Surrogate], Step]


def _set(step: Callable[[Surrogate, Scalar], Step], name: str) -> Solver:
    """Return the solver of a step whose one number is a setting."""
    return lambda settings, ev, L: step(L, _number(settings, name, L))


def _penalised(step: Callable[[Surrogate, Scalar], Step], share: Fraction = Fraction(1)) -> Solver:
    """Return the solver of a step with coefficient C: --C, or a share of the C of equation (9)."""

    def solve(settings: Settings, ev: Evaluation, L: Surrogate) -> Step:
        if "C" in settings:
            return step(L, _number(settings, "C", L))
        if is_rational(L.pi):
            return step(L, share * penalty(ev))
        return step(L, nearest(share) * _double("C", penalty(ev)))

    return solve


def _exactly(solve: Solver) -> Callable[[Settings, MDP, Array], StepFunction]:
    """Return a step that is solved in the arithmetic of the model."""
    return lambda settings, mdp, pi: on_grid(lambda ev, L: solve(settings, ev, L))


def _floating(solve: Solver) -> Callable[[Settings, MDP, Array], StepFunction]:
    """Return a step that is solved in floats."""
    return lambda settings, mdp, pi: in_floats(lambda ev, L: solve(settings, ev, L))


def _natural(settings: Settings, mdp: MDP, pi: Array) -> StepFunction:
    """Return the parametric step on the full table; theta starts at the logarithms of pi."""
    p = pi.astype(np.float64)
    if (p[mdp.mask] <= 0).any():
        raise UsageError("--method natural needs a --policy that takes every allowed action")
    theta = np.log(np.where(mdp.mask, p, 1.0))
    delta = _double("--delta", settings["delta"])
    return in_floats(following(theta, lambda L, theta: natural(L, theta, delta)))


_TABLE = (
    Method(
        "greedy", "argmax of L, where the policy comes", _exactly(lambda given, ev, L: greedy(L))
    ),
    Method(
        "policy_iteration",
        "argmax of the advantage in every state",
        _exactly(lambda given, ev, L: greedy(L, ev.A)),
    ),
    Method(
        "conservative",
        "mixture (5) with the greedy policy, weight (6) or --alpha",
        _exactly(lambda given, ev, L: conservative(L, _alpha(given, L), ev)),
        may=("alpha",),
    ),
    Method(
        "conservative_tight",
        "the same with the weight of Kakade & Langford, Theorem 4.1",
        _exactly(lambda given, ev, L: conservative(L, "tight", ev)),
    ),
    Method(
        "conservative_best",
        "the same with the weight of the largest return",
        _exactly(lambda given, ev, L: conservative(L, "best", ev)),
        promise="the weight 0 is among those that are compared",
    ),
    Method(
        "minorize",
        "L - C max_kl, Algorithm 1 by (9); C of (9) unless --C",
        _floating(_penalised(minorize)),
        may=("C",),
        promise=ASCENT,
    ),
    Method(
        "minorize_half",
        "the same with C / 2, by Pinsker's inequality",
        _floating(_penalised(minorize, Fraction(1, 2))),
        may=("C",),
        promise=ASCENT,
    ),
    Method(
        "max_kl",
        "L with max_kl <= delta, (11)",
        _floating(_set(max_kl, "delta")),
        needs=("delta",),
    ),
    Method(
        "mean_kl",
        "L with mean_kl <= delta, (12)",
        _floating(_set(mean_kl, "delta")),
        needs=("delta",),
    ),
    Method(
        "mean_kl_penalty",
        "L - C mean_kl; C of (9) unless --C",
        _floating(_penalised(mean_kl_penalty)),
        may=("C",),
    ),
    Method(
        "mirror",
        "pi exp(A / lam), natural gradient step of a softmax table",
        _floating(_set(mirror, "lam")),
        needs=("lam",),
    ),
    Method(
        "natural",
        "conjugate gradient and line search within mean_kl <= delta",
        _natural,
        needs=("delta",),
        promise=None,
    ),
    Method(
        "tv",
        "L - C max_tv^2, Algorithm 1, Theorem 1; C of (8) unless --C",
        _exactly(_penalised(tv_penalty)),
        may=("C",),
        promise=ASCENT,
    ),
    Method(
        "tv_constraint",
        "L with max_tv <= delta",
        _exactly(_set(tv_constraint, "delta")),
        needs=("delta",),
    ),
    Method(
        "mean_tv",
        "L with mean_tv <= delta",
        _exactly(_set(mean_tv_constraint, "delta")),
        needs=("delta",),
    ),
)
METHODS = {method.name: method for method in _TABLE}


def chosen(name: str, given: Settings) -> Method:
    """Return the method of this name, for which these settings are right.

    raises: UsageError for a setting that it lacks, or does not take
    """
    method = METHODS[name]
    for setting in method.needs:
        if setting not in given:
            raise UsageError(f"--method {name} needs --{setting} X, the {MEANING[setting]}")
    for setting in given:
        if setting not in method.needs + method.may:
            takes = ", ".join(f"--{x}" for x in method.needs + method.may) or "no settings"
            raise UsageError(f"--method {name} takes {takes}, not --{setting}")
    return method
