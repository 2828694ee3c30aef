"""The parametric step of TRPO: a direction from conjugate gradients, a length from a line search.

**Problem.** For a policy class pi_theta (`softmax_class`) maximise L(pi_theta_new) subject to
E_{s~d} KL(pi_theta || pi_theta_new) <= delta: TRPO (2015), equation (12), with parameters.

**Method.** For x = theta_new - theta the gain is g'x to first order and the mean KL is x'H x / 2 to
second order.  The maximiser of g'x under x'H x / 2 <= delta has g = lam H x with a multiplier lam,
so x = sqrt(2 delta / s'H s) s with s = H^-1 g, or H^+ g where H is singular (`direction`).
Appendix C of TRPO (2015), natural policy gradient (Kakade 2001) and vanilla policy gradient are
three settings:

    direction            length                     search
    s = H^-1 g           sqrt(2 delta / s'H s)      backtracking                    `natural`
    s = H^-1 g           1 / lam                    none                            `natural_fixed`
    g                    sqrt(2 delta) / norm(g)    none                            `vanilla`

Advantages are not standardised, and no constant is added to a denominator.  Damping changes the
direction only: the length has s'H s without it, so that the quadratic model of the KL is delta.
Public implementations divide by s'(H + damping I)s, so that their steps are shorter.

**Guarantee.** The search evaluates L and the KL of every trial without approximation in pi_new,
whether G is computed or estimated; a step with the default rule has a gain > 0 in L and a KL of at
most delta.
"""

import math
from collections.abc import Callable, Collection
from functools import partial
from typing import final

import numpy as np

from tabular_trpo._core.errors import InvalidMDPError, LimitError, invalid
from tabular_trpo._core.numbers import Array, Scalar, shown
from tabular_trpo._core.public import public
from tabular_trpo._core.records import locked_dataclass
from tabular_trpo._core.validate import finite_floats
from tabular_trpo._exact.evaluate import Evaluation
from tabular_trpo._exact.surrogate import LocalObjective, Surrogate
from tabular_trpo._families.arguments import optional_size, size
from tabular_trpo._improve.conjugate import Product
from tabular_trpo._improve.direction import Direction, Report, direction_of, start
from tabular_trpo._improve.softmax_class import SoftmaxClass
from tabular_trpo._improve.status import StepStatus
from tabular_trpo._improve.step import Penalty, Step, make_step, nonnegative


@public
@final
@locked_dataclass(frozen=True, eq=False)
class Trial:
    """A trial of the line search of `natural`, the argument of an acceptance rule.

    gain:     L(pi_new) - eta
    expected: beta g . s, the gain of the linear model
    kl:       the mean or the largest KL(pi || pi_new) over visited states
    delta:    the radius
    pi_new:   (S, A) the policy of the trial; None where it is not given

    >>> Trial(gain=0.1, expected=0.2, kl=0.01, delta=0.02).kl
    0.01
    """

    gain: float
    expected: float
    kl: float
    delta: float
    pi_new: Array | None = None


SPAN = 36.0  # difference of logits whose probability is just above the grid of policies, 2^-53
ACCEPT: dict[str, Callable[[Trial], bool]] = {
    "improve_and_kl": lambda t: t.gain > 0 and t.kl <= t.delta,  # TRPO (2015), Appendix C
    "not_worse_and_kl": lambda t: t.gain >= 0 and t.kl <= t.delta,  # as in OpenAI Spinning Up
    "not_worse_and_loose_kl": lambda t: t.gain >= 0 and t.kl <= 1.5 * t.delta,  # OpenAI Baselines
    "improve": lambda t: t.gain > 0,
    "kl": lambda t: t.kl <= t.delta,
    "ratio": lambda t: t.gain > 0 and t.gain > 0.1 * t.expected,  # modular_rl, without its KL test
    "always": lambda t: True,
}


@public
def natural(
    L: LocalObjective,
    theta: object,
    delta: Scalar,
    policy_class: SoftmaxClass | None = None,
    *,
    direction: str = "natural",
    damping: Scalar = 0.0,
    iterations: int | None = None,
    product: Product | None = None,
    accept: str | Callable[[Trial], bool] = "improve_and_kl",
    divergence: str = "mean_kl",
    backtrack: float = 0.5,
    most_backtracks: int = 10,
) -> Step:
    """Return the step theta + beta s, s = (H + damping I)^-1 g, beta from a backtracking search.

    g is the gradient of L in theta, H the Hessian of the mean KL; beta = sqrt(2 delta / s'H s) b^j
    with the first j for which the rule accepts.  TRPO (2015), Appendix C.  If it accepts none,
    theta and pi are unchanged, with status "restored".  If g = 0, or H is 0 on every direction of
    the conjugate gradients, there is no trial, and the status is "optimal" or "stuck".

    L:           a `Surrogate`, or another objective with a gain and a gradient
    theta:       (S, A) or (K,), the parameters of L.pi
    delta:       the radius, a number >= 0; 0 keeps theta
    policy_class: None for the full table
    direction:   "natural", or "vanilla" for s = g, beta = sqrt(2 delta) / norm(g)
    damping:     a number >= 0
    iterations:  the largest number for conjugate gradients; None for 2 theta.size + 10
    product:     v -> H v in place of the analytic one, such as an empirical Fisher product
    accept:      a function of a `Trial`, or one of "improve_and_kl" (gain > 0 and KL <= delta),
                 "not_worse_and_kl", "not_worse_and_loose_kl" (gain >= 0 and KL <= 1.5 delta),
                 "improve", "kl", "ratio" (gain > 0.1 of the expected one), "always"
    divergence:  "mean_kl" or "max_kl", the KL of the trial; H is of the mean in either case
    backtrack:   b, in (0, 1)
    most_backtracks: the largest j
    return:      `Step` with `ParametricStep`
    raises:      InvalidMDPError for arguments out of range, another shape or a theta of another
                 policy; ExactnessError for a rational surrogate; LimitError where logits or G
                 overflow

    >>> L = Surrogate(np.array([[-1.0, 1.0]]), np.ones(1), np.full((1, 2), 0.5), 0.0)
    >>> step = natural(L, [[0.0, 0.0]], 0.02)
    >>> step.multipliers["theta"].round(4), step.backtracks, step.mean_kl.round(4)
    (array([[-0.2,  0.2]]), 0, np.float64(0.0199))
    """
    if not callable(accept):
        _one_of("accept", accept, ACCEPT)
    _one_of("direction", direction, ("natural", "vanilla"))
    _one_of("divergence", divergence, ("mean_kl", "max_kl"))
    rule = accept if callable(accept) else ACCEPT[accept]
    delta = nonnegative("delta", delta)
    if not 0 < (shrink := nonnegative("backtrack", backtrack)) < 1:
        raise invalid("range", "backtrack", f"= {shown(backtrack)}", "in (0, 1)")
    most = size("most_backtracks", most_backtracks, 0)
    optional_size("iterations", iterations)
    policy_class, theta = start(L, theta, policy_class)
    line, report = direction_of(L, policy_class, theta, direction, damping, iterations, product)
    if line is None or delta == 0:
        return make_step(L, L.pi, report(theta, 0.0, 0.0))
    size_of_s = line.curvature if direction == "natural" else float(np.vdot(line.s, line.s))
    beta = math.sqrt(2 * delta) / math.sqrt(size_of_s)
    report = partial(report, quadratic_kl=beta * beta * line.curvature / 2)
    keep = direction == "natural" and policy_class.features is None
    for tries in range(most + 1):
        step = _moved(L, policy_class, theta, line, beta, report, tries, keep=keep)
        if step is not None:
            kl = getattr(step, divergence)
            trial = Trial(step.gain, beta * line.slope, kl, delta, step.pi_new)
            if rule(trial):
                return step
        beta *= shrink
    return make_step(L, L.pi, report(theta, 0.0), status=StepStatus.RESTORED, backtracks=most)


@public
def natural_fixed(
    L: LocalObjective,
    theta: object,
    lam: Scalar,
    policy_class: SoftmaxClass | None = None,
    *,
    damping: Scalar = 0.0,
    iterations: int | None = None,
    product: Product | None = None,
) -> Step:
    """Return the step theta + x, x = H^-1 g / lam, which maximises g'x - lam x'H x / 2; no search.

    Natural policy gradient with a fixed multiplier, TRPO (2015), section 7 (Kakade 2001).  g is the
    gradient of L in theta, H the Hessian of the mean KL.  In the full table the step is that of
    `mirror` with lam / sum(weight).

    lam:        a number > 0
    L, theta, policy_class, damping, iterations, product: as for `natural`
    return:     `Step` with `ParametricStep`; its objective is L(pi_new) - eta - lam mean_kl
    raises:     InvalidMDPError for arguments out of range, another shape or a theta of another
                policy; ExactnessError for a rational surrogate; LimitError where the step overflows

    >>> L = Surrogate(np.array([[-1.0, 1.0]]), np.ones(1), np.full((1, 2), 0.5), 0.0)
    >>> natural_fixed(L, [[0.0, 0.0]], 2.0).multipliers["theta"]
    array([[-0.5, 0.5]])
    """
    given, lam = lam, nonnegative("lam", lam)
    if lam == 0:
        raise invalid("range", "lam", f"= {shown(given)}", "a finite number > 0")
    policy_class, theta = start(L, theta, policy_class)
    line, report = direction_of(L, policy_class, theta, "natural", damping, iterations, product)
    report = partial(report, lam=lam)
    if line is None:
        return make_step(L, L.pi, report(theta, 0.0, 0.0), lambda k, m, t: lam * m)
    beta = 1 / line.unit / lam
    report = partial(report, quadratic_kl=beta * beta * line.curvature / 2)
    step = _moved(L, policy_class, theta, line, beta, report, None, lambda k, m, t: lam * m)
    if step is None:
        raise LimitError.of("overflow", "theta", "overflows", "a finite step", "Raise lam")
    return step


@public
def vanilla(
    L: LocalObjective, theta: object, delta: Scalar, policy_class: SoftmaxClass | None = None
) -> Step:
    """Return the step theta + x, x = sqrt(2 delta) g / norm(g), without a search.

    Vanilla policy gradient: x maximises g'x for norm(x)^2 / 2 <= delta, TRPO (2015), section 7.
    The step depends on the parametrisation, not on the policy alone.

    L, theta, policy_class: as for `natural`
    delta:  a number >= 0, a bound of norm(theta_new - theta)^2 / 2
    return: `Step` with `ParametricStep`, whose quadratic_kl is g'H g delta / norm(g)^2
    raises: InvalidMDPError for delta < 0, another shape or a theta of another policy;
            ExactnessError for a rational surrogate; LimitError where logits or G overflow

    >>> L = Surrogate(np.array([[-1.0, 1.0]]), np.ones(1), np.full((1, 2), 0.5), 0.0)
    >>> vanilla(L, [[0.0, 0.0]], 0.01).multipliers["theta"].round(4)
    array([[-0.1, 0.1]])
    """
    return natural(L, theta, delta, policy_class, direction="vanilla", accept="always")


@public
def following(
    theta: object, step: Callable[[Surrogate, Array], Step]
) -> Callable[[Evaluation, Surrogate], Step]:
    """Return a step for `iterate` in which each step starts at the theta of the one before.

    theta_{i+1} is `multipliers["theta"]` of step i, as in TRPO (2015), section 6.  The function has
    a state, so it serves one run.

    theta:  (S, A) or (K,), the parameters of the first policy
    step:   (surrogate, theta) -> `Step` with `ParametricStep`
    return: (evaluation, surrogate) -> `Step`
    raises: InvalidMDPError where theta is no array of finite numbers, ExactnessError for rationals

    >>> from tabular_trpo import MDP
    >>> from tabular_trpo.improve import iterate
    >>> step = following([[0.0, 0.0]], lambda L, theta: natural(L, theta, 0.01))
    >>> run = iterate(MDP([[[1.0], [1.0]]], [[0.0, 1.0]], [1.0], 0.5), [[0.5, 0.5]], step)
    >>> [float(next(run).eta_new.round(3)) for _ in range(3)]
    [1.14, 1.277, 1.407]
    """
    current = finite_floats("theta", theta)

    def follow(ev: Evaluation, L: Surrogate) -> Step:
        """Return the step from the present theta, and store its new theta."""
        nonlocal current
        made = step(L, current)
        current = made.multipliers["theta"]
        return made

    return follow


def _moved(
    L: LocalObjective,
    policy_class: SoftmaxClass,
    theta: Array,
    line: Direction,
    beta: float,
    report: Report,
    tries: int | None,
    penalty: Penalty | None = None,
    keep: bool = False,
) -> Step | None:
    """Return the step to theta + beta s, None where it overflows or L is undefined.

    report: makes the `ParametricStep` from theta and the step length
    tries:  the number of rejected trials, None without a search
    keep:   whether an action whose probability would round to 0 keeps the least positive one; the
            KL of the step would be infinite by rounding alone.  For full tables
    """
    with np.errstate(over="ignore", invalid="ignore"):
        new = theta + beta * line.s
    try:
        pi_new = policy_class.policy(new)
        if keep and (gone := (pi_new == 0) & (L.pi > 0)).any():
            new = np.where(gone, new.max(axis=1, keepdims=True) - SPAN, new)
            pi_new = policy_class.policy(new)
        # A row with unchanged logits is kept bit by bit, since softmax may round it differently.
        still = (pi_new == policy_class.policy(theta)).all(axis=1, keepdims=True)
        moved = np.where(still, L.pi, pi_new)
        taken = report(new, beta * line.unit)
        return make_step(L, moved, taken, penalty, backtracks=tries)
    except (InvalidMDPError, LimitError):
        return None


def _one_of(name: str, value: object, names: Collection[str]) -> None:
    """Raise InvalidMDPError unless a value is one of some names."""
    if value not in names:
        raise invalid("choice", name, f"= {shown(value)}", f"one of {', '.join(names)}")
