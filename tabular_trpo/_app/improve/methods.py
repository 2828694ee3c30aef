"""The policy improvement methods of `improve`, in one table."""

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
    """A policy improvement method with its name and its settings.

    does:      what a step maximises
    make:      returns the step function of a run from its settings, model and first policy (S, A)
    needs:     names of the required settings
    may:       names of the optional settings
    guarantee: why eta cannot decrease, None where it can
    """

    name: str
    does: str
    make: Callable[[Settings, MDP, Array], StepFunction]
    needs: tuple[str, ...] = ()
    may: tuple[str, ...] = ()
    guarantee: str | None = STATEWISE


def _number(settings: Settings, name: str, L: Surrogate) -> Scalar:
    """Return the setting `name` in the arithmetic of the surrogate: a Fraction or a double."""
    return settings[name] if is_rational(L.pi) else _double(f"--{name}", settings[name])


def _double(name: str, value: Scalar) -> float:
    """Return the double nearest to a value.

    name:   the setting, for the error
    raises: LimitError where the value is beyond the largest double
    """
    if not isinf(near := nearest(value)):
        return near
    raise LimitError(Problem("overflow", name, "is too large for a float step", "at most 1.7e308"))


def _alpha(settings: Settings, L: Surrogate) -> Scalar | str:
    """Return --alpha in the arithmetic of the surrogate, or "paper" for the weight of TRPO (6)."""
    return _number(settings, "alpha", L) if "alpha" in settings else "paper"


Solver = Callable[[Settings, Evaluation, Surrogate], Step]


def _set(step: Callable[[Surrogate, Scalar], Step], name: str) -> Solver:
    """Return the solver step(L, x), where x is the setting `name`."""
    return lambda settings, ev, L: step(L, _number(settings, name, L))


def _penalised(step: Callable[[Surrogate, Scalar], Step], share: Fraction = Fraction(1)) -> Solver:
    """Return the solver step(L, C) with C from --C, else `share` times the C of TRPO (9)."""

    def solve(settings: Settings, ev: Evaluation, L: Surrogate) -> Step:
        if "C" in settings:
            return step(L, _number(settings, "C", L))
        if is_rational(L.pi):
            return step(L, share * penalty(ev))
        return step(L, nearest(share) * _double("C", penalty(ev)))

    return solve


def _exactly(solve: Solver) -> Callable[[Settings, MDP, Array], StepFunction]:
    """Return a `Method.make` whose steps are solved in the arithmetic of the model."""
    return lambda settings, mdp, pi: on_grid(lambda ev, L: solve(settings, ev, L))


def _floating(solve: Solver) -> Callable[[Settings, MDP, Array], StepFunction]:
    """Return a `Method.make` whose steps are solved in float arithmetic."""
    return lambda settings, mdp, pi: in_floats(lambda ev, L: solve(settings, ev, L))


def _natural(settings: Settings, mdp: MDP, pi: Array) -> StepFunction:
    """Return the natural gradient step on a softmax table; theta (S, A) begins at log(pi).

    raises: UsageError where pi (S, A) excludes an allowed action
    """
    p = pi.astype(np.float64)
    if (p[mdp.mask] <= 0).any():
        raise UsageError("--method natural needs a --policy that takes every allowed action")
    theta = np.log(np.where(mdp.mask, p, 1.0))
    delta = _double("--delta", settings["delta"])
    return in_floats(following(theta, lambda L, theta: natural(L, theta, delta)))


_TABLE = (
    Method("greedy", "argmax of L, in visited states", _exactly(lambda given, ev, L: greedy(L))),
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
        "mixture (5), weight of Kakade & Langford, Theorem 4.1",
        _exactly(lambda given, ev, L: conservative(L, "tight", ev)),
    ),
    Method(
        "conservative_best",
        "mixture (5), weight of the largest return",
        _exactly(lambda given, ev, L: conservative(L, "best", ev)),
        guarantee="the weight 0 is among those that are compared",
    ),
    Method(
        "minorize",
        "L - C max_kl, Algorithm 1 by (9); C of (9) unless --C",
        _floating(_penalised(minorize)),
        may=("C",),
        guarantee=ASCENT,
    ),
    Method(
        "minorize_half",
        "L - C max_kl by Pinsker; C is half of (9) unless --C",
        _floating(_penalised(minorize, Fraction(1, 2))),
        may=("C",),
        guarantee=ASCENT,
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
        guarantee=None,
    ),
    Method(
        "tv",
        "L - C max_tv^2, Algorithm 1, Theorem 1; C of (8) unless --C",
        _exactly(_penalised(tv_penalty)),
        may=("C",),
        guarantee=ASCENT,
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
    """Return the method of this name, with its settings checked.

    raises: UsageError for a required setting that is missing, and for one the method does not take
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
