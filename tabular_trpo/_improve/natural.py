"""The parametric step of TRPO: a direction from conjugate gradients, a length from a line search.

Appendix C of TRPO (2015), natural policy gradient and vanilla policy gradient are three settings:

    direction            length                     search
    s = H^-1 g           sqrt(2 delta / s'H s)      back until the rule accepts     `natural`
    s = H^-1 g           1 / lam                    none                            `natural_fixed`
    g                    sqrt(2 delta) / norm(g)    none                            `vanilla`

Nothing is standardised and nothing is added to a denominator.  Damping bends the direction only:
the length takes s'H s without it, so that the quadratic model of the KL is delta, where public
codes divide by s'(H + damping I)s and step short.  The search looks at the exact surrogate and the
exact KL of every trial, whether G was computed or estimated.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from tabular_trpo._core.errors import InvalidMDPError, LimitError, Problem, invalid
from tabular_trpo._core.numbers import Array, frozen, shown
from tabular_trpo._core.public import public
from tabular_trpo._core.records import locked
from tabular_trpo._core.validate import finite_floats
from tabular_trpo._exact.evaluate import Evaluation
from tabular_trpo._exact.surrogate import LocalObjective, Surrogate
from tabular_trpo._families.arguments import optional_size, size
from tabular_trpo._improve.conjugate import Product
from tabular_trpo._improve.direction import Direction, direction_of, start
from tabular_trpo._improve.softmax_class import SoftmaxClass
from tabular_trpo._improve.step import RESTORED, Step, nonnegative, step_to


@final
@locked
@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """What an acceptance rule sees: gain, the linear model's gain, KL, delta."""

    gain: float
    expected: float
    kl: float
    delta: float


ACCEPT: dict[str, Callable[[Trial], bool]] = {
    "improve_and_kl": lambda t: t.gain > 0 and t.kl <= t.delta,  # TRPO (2015), Appendix C
    "not_worse_and_kl": lambda t: t.gain >= 0 and t.kl <= t.delta,  # spinningup
    "not_worse_and_loose_kl": lambda t: t.gain >= 0 and t.kl <= 1.5 * t.delta,  # baselines
    "improve": lambda t: t.gain > 0,
    "kl": lambda t: t.kl <= t.delta,
    "ratio": lambda t: t.gain > 0 and t.gain > 0.1 * t.expected,  # modular_rl: no look at the KL
    "always": lambda t: True,
}
DIRECTIONS = ("natural", "vanilla")
DIVERGENCES = ("mean_kl", "max_kl")


@public
def natural(
    L: LocalObjective,
    theta: Any,
    delta: Any,
    policy_class: SoftmaxClass | None = None,
    *,
    direction: str = "natural",
    damping: Any = 0.0,
    iterations: int | None = None,
    product: Product | None = None,
    accept: str | Callable[[Trial], bool] = "improve_and_kl",
    divergence: str = "mean_kl",
    backtrack: float = 0.5,
    most_backtracks: int = 10,
) -> Step:
    """Return the step theta + beta s, s = (H + damping I)^-1 g, beta from a backtracking search.

    g is the gradient of L in theta, H the Hessian of the mean KL; beta = sqrt(2 delta / s'H s) b^j
    with the first j for which the rule accepts.  TRPO (2015), Appendix C.  If none is accepted
    theta and pi stay, with status "restored"; where g = 0, or the H of every direction met is 0,
    nothing is tried and the status is "optimal" or "stuck".

    theta:       (S, A) or (K,), whose policy is L.pi
    delta:       a number >= 0; 0 keeps theta
    direction:   "natural", or "vanilla" for s = g, beta = sqrt(2 delta) / norm(g)
    iterations:  of conjugate gradients, at most; None for as many as they need
    product:     v -> H v in place of the analytic one, such as an empirical Fisher product
    accept:      a name of `ACCEPT`, or a function of a `Trial`
    divergence:  "mean_kl" or "max_kl": what the rule sees; H is of the mean in either case
    return:      multipliers theta; step_length, the beta taken (0 where none was); quadratic_kl,
                 (beta s)'H(beta s) / 2 of the full step, j = 0; damping; cg_iterations,
                 cg_residual, cg_status (see `Solution`; without damping the full table is solved
                 in the unknowns sqrt(w pi) x, in which H is a projection)
    raises:      InvalidMDPError, ExactnessError, LimitError where logits or G overflow

    >>> L = Surrogate(np.array([[-1.0, 1.0]]), np.ones(1), np.full((1, 2), 0.5), 0.0)
    >>> step = natural(L, [[0.0, 0.0]], 0.02)
    >>> step.multipliers["theta"].round(4), step.backtracks, step.mean_kl.round(4)
    (array([[-0.2,  0.2]]), 0, np.float64(0.0199))
    """
    rule = _rule(accept)
    _one_of("direction", direction, DIRECTIONS)
    _one_of("divergence", divergence, DIVERGENCES)
    delta = nonnegative("delta", delta)
    if not 0 < (shrink := nonnegative("backtrack", backtrack)) < 1:
        raise invalid("range", "backtrack", f"= {shown(backtrack)}", "in (0, 1)")
    most = size("most_backtracks", most_backtracks, 0)
    optional_size("iterations", iterations)
    members, theta = start(L, theta, policy_class)
    way, found = direction_of(L, members, theta, direction, damping, iterations, product)
    if way is None or delta == 0:
        return step_to(L, L.pi, found)
    size_of_s = way.bend if direction == "natural" else float(np.vdot(way.s, way.s))
    beta = math.sqrt(2 * delta) / math.sqrt(size_of_s)
    found["quadratic_kl"] = beta * beta * way.bend / 2
    for tries in range(most + 1):
        step = _moved(L, members, theta, way, beta, found, tries)
        if step is not None:
            trial = Trial(step.gain, beta * way.slope, getattr(step, divergence), delta)
            if rule(trial):
                return step
        beta *= shrink
    return step_to(L, L.pi, found, status=RESTORED, backtracks=most)


@public
def natural_fixed(
    L: LocalObjective,
    theta: Any,
    lam: Any,
    policy_class: SoftmaxClass | None = None,
    *,
    damping: Any = 0.0,
    iterations: int | None = None,
    product: Product | None = None,
) -> Step:
    """Return the step theta + H^-1 g / lam, which maximises g'x - lam x'H x / 2; no line search.

    Natural policy gradient with a fixed multiplier, TRPO (2015), section 6 (Kakade 2001).  In the
    full table it is `mirror` with lam / sum(weight).

    lam:    a number > 0
    others: as `natural`
    return: multipliers as `natural`, and lam; objective L(pi_new) - eta - lam mean_kl
    raises: InvalidMDPError, ExactnessError; LimitError where the step overflows

    >>> L = Surrogate(np.array([[-1.0, 1.0]]), np.ones(1), np.full((1, 2), 0.5), 0.0)
    >>> natural_fixed(L, [[0.0, 0.0]], 2.0).multipliers["theta"]
    array([[-0.5, 0.5]])
    """
    price = nonnegative("lam", lam)
    if price == 0:
        raise invalid("range", "lam", f"= {shown(lam)}", "a finite number > 0")
    members, theta = start(L, theta, policy_class)
    way, found = direction_of(L, members, theta, "natural", damping, iterations, product)
    found["lam"] = price
    if way is None:
        return step_to(L, L.pi, found, lambda k, m, t: price * m)
    beta = 1 / way.unit / price
    found["quadratic_kl"] = beta * beta * way.bend / 2
    step = _moved(L, members, theta, way, beta, found, None, lambda k, m, t: price * m)
    if step is None:
        raise LimitError(Problem("overflow", "theta", "overflows", "a finite step", "Raise lam"))
    return step


@public
def vanilla(
    L: LocalObjective, theta: Any, delta: Any, policy_class: SoftmaxClass | None = None
) -> Step:
    """Return the step theta + sqrt(2 delta) g / norm(g), with the l2 norm for the KL; no search.

    Vanilla policy gradient as a constrained problem, TRPO (2015), section 6.  It depends on the
    parameters: another theta for the same policies gives another step.

    delta:  a number >= 0, a bound of norm(theta_new - theta)^2 / 2
    return: multipliers as `natural`; quadratic_kl is what the step costs in KL, not delta
    raises: as `natural`

    >>> L = Surrogate(np.array([[-1.0, 1.0]]), np.ones(1), np.full((1, 2), 0.5), 0.0)
    >>> vanilla(L, [[0.0, 0.0]], 0.01).multipliers["theta"].round(4)
    array([[-0.1, 0.1]])
    """
    return natural(L, theta, delta, policy_class, direction="vanilla", accept="always")


@public
def following(
    theta: Any, step: Callable[[Surrogate, Any], Step]
) -> Callable[[Evaluation, Surrogate], Step]:
    """Return a step for `iterate` that carries theta from one call to the next.

    theta: that of the first policy
    step:  such as ``lambda L, theta: natural(L, theta, 0.01)``
    raises: InvalidMDPError where theta is no array of finite numbers, ExactnessError for exact ones

    >>> from tabular_trpo._core.mdp import MDP
    >>> from tabular_trpo._improve.iterate import iterate
    >>> step = following([[0.0, 0.0]], lambda L, theta: natural(L, theta, 0.01))
    >>> run = iterate(MDP([[[1.0], [1.0]]], [[0.0, 1.0]], [1.0], 0.5), [[0.5, 0.5]], step)
    >>> [float(next(run).eta_new.round(3)) for _ in range(3)]
    [1.14, 1.277, 1.407]
    """
    held = [finite_floats("theta", theta)]

    def follow(ev: Evaluation, L: Surrogate) -> Step:
        made = step(L, held[0])
        held[0] = made.multipliers["theta"]
        return made

    return follow


def _moved(
    L: LocalObjective,
    members: SoftmaxClass,
    theta: Array,
    way: Direction,
    beta: float,
    found: dict[str, Any],
    tries: int | None,
    penalty: Callable[[Any, Any, Any], Any] | None = None,
) -> Step | None:
    """Return the step to theta + beta s, None where it overflows or L has no value."""
    with np.errstate(over="ignore", invalid="ignore"):
        new = theta + beta * way.s
    taken = {"theta": frozen(new), "step_length": beta * way.unit}
    try:
        pi_new = members.policy(new)
        # A row whose logits did not move is the old row, not what its softmax rounds to.
        still = (pi_new == members.policy(theta)).all(axis=1, keepdims=True)
        moved = np.where(still, L.pi, pi_new)
        return step_to(L, moved, found | taken, penalty, backtracks=tries)
    except (InvalidMDPError, LimitError):
        return None


def _rule(accept: str | Callable[[Trial], bool]) -> Callable[[Trial], bool]:
    if callable(accept):
        return accept
    _one_of("accept", accept, tuple(ACCEPT))
    return ACCEPT[accept]


def _one_of(name: str, value: Any, names: tuple[str, ...]) -> None:
    if value not in names:
        problem = Problem("choice", name, f"= {shown(value)}", f"one of {', '.join(names)}")
        raise InvalidMDPError(problem)
