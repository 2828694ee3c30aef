"""Conservative policy iteration: a mixture of the old policy with a target.

**Problem.** For pi_new = (1 - alpha) pi + alpha target choose alpha in [0, 1] to maximise a lower
bound of eta_new - eta that needs the evaluation of pi only.  With g = L(target) - eta and
eps = max_s abs(sum_a target A), Kakade and Langford (2002) have the bounds

    alpha g - 2 alpha^2 eps gamma / (1 - gamma)^2,                          TRPO (2015), (6),
    alpha g - 2 alpha^2 eps gamma / ((1 - gamma) (1 - gamma (1 - alpha))),  their Theorem 4.1.

**Method.** Closed forms.  The first is quadratic, with maximiser (1 - gamma)^2 g / (4 eps gamma).
In y = 1 - gamma (1 - alpha) the second is a constant plus a multiple of
g y - 2 eps / (1 - gamma) (y + (1 - gamma)^2 / y), which is concave, with maximiser
y = (1 - gamma) (1 - x)^(-1/2), x = (1 - gamma) g / (2 eps).  As g <= eps / (1 - gamma), x <= 1/2.

**Guarantee.** eta_new - eta is at least the maximised bound, exactly in rational arithmetic, where
an irrational weight is rounded down and the bound is that of the rounded weight.  `best_alpha`
finds the weight that maximises the return itself.
"""

import math
from fractions import Fraction

import numpy as np

from tabular_trpo._core.arithmetic import read_as
from tabular_trpo._core.errors import invalid
from tabular_trpo._core.nearest import nearest
from tabular_trpo._core.numbers import Array, Scalar, is_rational, shown
from tabular_trpo._core.policy import mixture
from tabular_trpo._core.policy_checks import check_rows
from tabular_trpo._core.public import public
from tabular_trpo._core.shapes import shape_error
from tabular_trpo._exact.evaluate import Evaluation
from tabular_trpo._exact.surrogate import Surrogate
from tabular_trpo._improve.best_alpha import best_alpha
from tabular_trpo._improve.greedy import greedy_rows
from tabular_trpo._improve.multipliers import Mixture
from tabular_trpo._improve.step import Step, make_step, read_like, single

RULES = ("paper", "tight", "best")
BITS = 64  # binary places to which an irrational weight is rounded down


@public
def conservative(
    L: Surrogate, alpha: Scalar = "paper", ev: Evaluation | None = None, target: object = None
) -> Step:
    """Return the step of conservative policy iteration, (1 - alpha) pi + alpha target.

    Kakade & Langford (2002); TRPO (2015), equations (5) and (6).  With gain = L(target) - eta and
    eps = max_s abs(sum_a target(a|s) A(s, a)) over all states, alpha maximises on [0, 1]

    "paper": alpha gain - 2 alpha^2 eps gamma / (1 - gamma)^2, the bound (6), with the maximiser
             (1 - gamma)^2 gain / (4 eps gamma)
    "tight": alpha gain - 2 alpha^2 eps gamma / ((1 - gamma) (1 - gamma (1 - alpha))), Theorem 4.1
             of Kakade & Langford, with the maximiser
             ((1 - gain (1 - gamma) / (2 eps))^(-1/2) - 1) (1 - gamma) / gamma; rational arithmetic
             rounds it down to 64 binary places if it is irrational
    "best":  the return itself, by `best_alpha`

    "paper" and "tight" give alpha = 0 where gain <= 0.  The objective of the step is the maximised
    bound of the gain; for "best" and a number it is the predicted gain.

    alpha:  one of the three rules, or a number in [0, 1]
    ev:     the evaluation of pi, needed except for a number
    target: (S, A) policy in the arithmetic of L; by default that of `greedy`
    return: `Step` with `Mixture`, which has eps for "paper" and "tight"
    raises: InvalidMDPError for a batch, a target that is no policy, a weight outside [0, 1], a
            missing evaluation or one of another policy; ExactnessError for a target or a weight in
            the other arithmetic

    >>> from tabular_trpo import MDP, evaluate, surrogate
    >>> ev = evaluate(MDP([[["1"], ["1"]]], [["0", "1"]], ["1"], "1/2"), [["1/2", "1/2"]])
    >>> conservative(surrogate(ev), "paper", ev).multipliers["alpha"]
    Fraction(1, 4)
    """
    pi_target = _target(single(L), target)
    rule = alpha if isinstance(alpha, str) and alpha in RULES else None
    if rule in (None, "best"):
        weight = (
            best_alpha(_of(ev, L, rule).mdp, L.pi, pi_target).alpha if rule else _weight(L, alpha)
        )
        return make_step(L, mixture(L.pi, pi_target, weight), Mixture(weight, pi_target))
    old = _of(ev, L, rule)
    gain, gamma = L.gain(pi_target), old.mdp.gamma
    eps = abs((pi_target * old.A).sum(axis=-1)).max()
    if not is_rational(L.pi):  # Python floats overflow without a warning
        gain, eps, gamma = nearest(gain), nearest(eps), nearest(gamma)
    weight = (paper_weight if rule == "paper" else tight_weight)(gain, eps, gamma)
    left = 1 - gamma if rule == "paper" else 1 - gamma * (1 - weight)
    loss = 2 * weight**2 * eps * gamma / ((1 - gamma) * left)
    pi_new = mixture(L.pi, pi_target, weight)
    return make_step(L, pi_new, Mixture(weight, pi_target, eps), lambda *_: loss)


def paper_weight(gain: Scalar, eps: Scalar, gamma: Scalar) -> Scalar:
    """Return min(1, (1 - gamma)^2 gain / (4 eps gamma)), 0 for gain <= 0.

    This weight maximises the bound (6) of TRPO (2015).

    >>> paper_weight(Fraction(1), Fraction(1, 2), Fraction(1, 2))
    Fraction(1, 4)
    """
    least = 4 * eps * gamma
    most = (1 - gamma) ** 2 * gain
    if gain <= 0 or most >= least:  # avoids a division by 0 or a denormal
        return gain * 0 + (gain > 0)
    return most / least


def tight_weight(gain: Scalar, eps: Scalar, gamma: Scalar) -> Scalar:
    """Return the weight that maximises the bound of Theorem 4.1 of Kakade & Langford (2002).

    min(1, ((1 - x)^(-1/2) - 1) (1 - gamma) / gamma) with x = (1 - gamma) gain / (2 eps) <= 1/2; 0
    for gain <= 0.  Fractions are rounded down.

    >>> tight_weight(Fraction(36, 25), Fraction(1), Fraction(1, 2))  # 1 - x = (4/5)^2
    Fraction(1, 4)
    """
    if gain <= 0:
        return gain * 0
    u, half = 1 - gamma, (gain * 0 + 1) / 2
    x = u * gain / (2 * eps) if u * gain < eps else half
    rise: Scalar
    if isinstance(x, Fraction):
        left = 1 - x
        square = left.numerator * left.denominator << 2 * BITS
        rise = Fraction(math.isqrt(square), left.numerator << BITS) - 1
    else:
        rise = math.expm1(-math.log1p(-x) / 2)
    return gain * 0 + 1 if rise * u >= gamma else rise * u / gamma


def _target(L: Surrogate, target: object) -> Array:
    """Return the checked target policy (S, A), by default the greedy one."""
    if target is None:
        return greedy_rows(L)
    return check_rows("target", read_like("target", target, L, unsigned=True), L.allowed)


def _weight(L: Surrogate, alpha: object) -> Scalar:
    """Return a given weight after a check that it is in [0, 1], in the arithmetic of L."""
    expected = f"a weight in [0, 1], or one of {', '.join(RULES)}"
    if isinstance(alpha, str) and alpha.isalpha():
        raise invalid("alpha", "alpha", f"= {shown(alpha)}", expected)
    number = read_as("alpha", alpha, is_rational(L.pi))
    if number.ndim:
        raise shape_error("alpha", number.shape, "() one number")
    if not 0 <= number[()] <= 1:
        raise invalid("alpha", "alpha", f"= {shown(number[()])}", expected)
    return number[()]


def _of(ev: Evaluation | None, L: Surrogate, rule: str | None) -> Evaluation:
    """Return the evaluation after a check that it is of the old policy."""
    where, expected = f'alpha="{rule}"', "ev, the evaluation of the old policy"
    if ev is None:
        raise invalid("evaluation", where, "has no evaluation", expected)
    if ev.pi.shape != L.pi.shape or not np.array_equal(ev.pi, L.pi):
        raise invalid("evaluation", where, "has the evaluation of another policy", expected)
    return ev
