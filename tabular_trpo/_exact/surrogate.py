"""The surrogate L_pi of the return eta, one record for exact and for estimated ones.

L_pi(pi_new) = eta(pi) + sum_s rho(s) sum_a pi_new(a|s) A(s, a), TRPO (2015), equation (3), is
linear in the table pi_new: L = eta + <G, pi_new - pi> with G = rho A, since sum_a pi A = 0.  L and
eta have the same value and gradient at pi (equation (4)).  L is the interface between evaluation
and improvement: exact evaluation (`surrogate`) and sampling (`_sampled.estimate`) return a
`Surrogate`, and every policy step takes one.

Guarantee: L is exact in rational arithmetic.  In floats the error of G is bounded by the radii of
rho and A (product rule), and sums are formed in pairs of doubles and rounded once.
"""

from typing import Protocol, final

import numpy as np

from tabular_trpo._core.arithmetic import read_as
from tabular_trpo._core.errors import invalid
from tabular_trpo._core.grid import below_grid
from tabular_trpo._core.linalg import twofold
from tabular_trpo._core.linalg.twofold import Twofold
from tabular_trpo._core.memory import guard
from tabular_trpo._core.numbers import Array, OptionalScalar, Scalar, brief, is_rational
from tabular_trpo._core.overflow import finite
from tabular_trpo._core.policy_checks import check_rows
from tabular_trpo._core.public import public
from tabular_trpo._core.records import locked_dataclass
from tabular_trpo._core.shapes import broadcastable, shape_error
from tabular_trpo._exact.evaluate import Evaluation, etas, sizes

U = 2.0**-53
LEAST = 2.0**-1074  # the smallest double, a bound of the error of one product by underflow


class LocalObjective(Protocol):
    """An objective L of one model with the attributes that a parametric step uses.

    L need not be linear in pi_new.
    """

    @property
    def G(self) -> Array:
        """The gradient of L with respect to pi_new at pi, (S, A)."""

    @property
    def weight(self) -> Array:
        """The weights of the states in means over states, (S,)."""

    @property
    def pi(self) -> Array:
        """The old policy, (S, A)."""

    @property
    def eta(self) -> Scalar:
        """The return of pi."""

    @property
    def stderr(self) -> Scalar:
        """The standard error of eta, None where it is exact."""

    @property
    def allowed(self) -> Array | None:
        """The actions that a new policy may take, (S, A) bool, or None for all."""

    def gain(self, pi_new: Array) -> Scalar:
        """Return L(pi_new) - eta for pi_new (S, A)."""

    def gradient(self, pi_new: Array) -> Array:
        """Return dL/dpi_new, (S, A)."""


@public
@final
@locked_dataclass(frozen=True, eq=False, repr=False)
class Surrogate:
    """The surrogate L(pi_new) = eta + sum_{s,a} G(s, a) (pi_new - pi)(a|s), linear in pi_new.

    TRPO (2015), equation (3).  Rows of a new policy are checked and rounded as by `evaluate`.

    G:        (..., S, A) gradient with respect to the table; exact: G = rho * A
    weight:   (..., S)    weight of each state; exact: rho, the unnormalised visitation
    pi:       (..., S, A) the old policy
    eta:      (...)       its return
    stderr:   (...) standard error of eta, None where the surrogate is exact
    G_radius, eta_radius: proved error bounds (zeros in rational arithmetic), None for estimates
    allowed:  (S, A) bool: allowed actions, or None where every action is allowed
    G_stderr: (S, A) standard errors of an estimated G, else None

    >>> Surrogate([[-1.0, 1.0]], [2.0], [[0.5, 0.5]], 1.5)
    <Surrogate: S=1, A=2, eta 1.5>
    """

    G: Array
    weight: Array
    pi: Array
    eta: Scalar
    stderr: OptionalScalar = None
    G_radius: Array | None = None
    eta_radius: OptionalScalar = None
    allowed: Array | None = None
    G_stderr: Array | None = None

    def __repr__(self) -> str:
        """Return the sizes and eta on one line."""
        estimated = "" if self.stderr is None else f", stderr {brief(self.stderr)}"
        return f"<Surrogate: {sizes(self.pi)}, {etas(self.eta)}{estimated}>"

    @public
    def gain(self, pi_new: object) -> Scalar:
        """Return the predicted gain L(pi_new) - eta = sum_{s,a} G (pi_new - pi), by plain sums.

        TRPO (2015), equation (3).  Rows need not be on the simplex.

        pi_new: (..., S, A); its batch axes broadcast with those of pi
        return: (...)
        raises: InvalidMDPError for another shape and for numbers that are not finite,
                ExactnessError for another arithmetic

        >>> L = Surrogate([[-1.0, 1.0]], [2.0], [[0.5, 0.5]], 1.5)
        >>> float(L.gain([[0.0, 1.0]]))
        1.0
        """
        new = read_table("pi_new", pi_new, self.pi)
        return np.add.reduce(self.G * (new - self.pi), axis=(-2, -1))

    def value(self, pi_new: object) -> Scalar:
        """Return L(pi_new) = eta + sum_{s,a} G (pi_new - pi); float sums are rounded once.

        pi_new: (..., S, A); its batch axes broadcast with those of pi
        return: (...)
        raises: InvalidMDPError for rows off the simplex, disallowed actions or another shape,
                ExactnessError for another arithmetic, LimitError where it overflows
        """
        return self._value(self._read(pi_new))

    def _value(self, new: Array) -> Scalar:
        """Return L of a checked policy (..., S, A)."""
        if is_rational(self.pi):
            return self.eta + (self.G * (new - self.pi)).sum(axis=(-2, -1))
        step = twofold.two_sum(new, -self.pi)
        # Splitting a number into halves multiplies it by 2^27, so numbers near overflow are scaled,
        # each model of a batch by its own unit.
        unit = np.where(np.max(np.abs(self.G), axis=(-2, -1)) > 2.0**900, 2.0**200, 1.0)
        terms = twofold.scale(step, self.G / unit[..., None, None])
        flat = Twofold(*(np.reshape(x, (*x.shape[:-2], -1)) for x in terms))
        with np.errstate(over="ignore"):
            value = (twofold.plus(twofold.total(flat), self.eta / unit).hi * unit)[()]
        finite("L", value)
        return value

    def gradient(self, pi_new: object) -> Array:
        """Return dL/dpi_new, (..., S, A), which is G at every pi_new because L is linear.

        raises: InvalidMDPError, ExactnessError where pi_new is no policy in the arithmetic of L
        """
        self._read(pi_new)
        return self.G

    def radius(self, pi_new: object) -> Scalar:
        """Return a proved bound of the error of `value(pi_new)`.

        return: (...); 0 in rational arithmetic, None for estimates
        raises: InvalidMDPError for rows off the simplex, disallowed actions or another shape,
                ExactnessError for another arithmetic, LimitError where L overflows
        """
        new = self._read(pi_new)
        if self.G_radius is None:
            return None
        step = np.abs(new - self.pi)
        error = self.eta_radius + (self.G_radius * step).sum(axis=(-2, -1))
        if is_rational(self.G):
            return error
        # One rounding at the end; the relative error of the twofold sum is below 2^-90.
        size = np.abs(self.eta) + (np.abs(self.G) * step).sum(axis=(-2, -1))
        # Rows with mass below the grid represent rows whose largest entry is smaller by that mass.
        below = (below_grid(new) + below_grid(self.pi)) * np.max(np.abs(self.G), axis=-1)
        rounding = 2 * U * np.abs(self._value(new)) + 2.0**-90 * size + below.sum(axis=-1)
        return (error + rounding) * (1 + 2.0**-30) + 8 * step.shape[-2] * step.shape[-1] * LEAST

    def _read(self, pi_new: object) -> Array:
        """Return a new policy (..., S, A), checked against the old one and the allowed actions."""
        new = read_as("pi_new", pi_new, is_rational(self.pi), unsigned=True)
        if not broadcastable(new.shape, self.pi.shape, 2):
            raise shape_error("pi_new", new.shape, f"(..., S, A) = {self.pi.shape}")
        return check_rows("pi_new", new, self.allowed)


def read_table(name: str, value: object, like: Array) -> Array:
    """Return a table (..., S, A) of finite numbers in the arithmetic of `like`.

    name:   the name of the table in errors
    like:   (..., S, A); the last two axes are equal, batch axes broadcast
    raises: InvalidMDPError for another shape, NaN or infinities; ExactnessError for the other
            arithmetic; MemoryGuardError for a table that is too large
    """
    if type(value) is np.ndarray and value.dtype == np.float64 == like.dtype:
        guard(8 * value.size, f"{name} with {value.size:,} entries", "Give fewer tables at once")
        table = value  # the usual case, without the cost of reading nested lists
    else:
        table = read_as(name, value, is_rational(like))
    if not broadcastable(table.shape, like.shape, 2):
        raise shape_error(name, table.shape, f"(..., S, A) = {like.shape}")
    if table.dtype != object and not np.isfinite(table).all():
        raise invalid("nan", name, "has NaN or infinities", "finite numbers")
    return table


@public
def surrogate(evaluation: Evaluation) -> Surrogate:
    """Return the exact surrogate of an evaluated policy: G = rho * A.

    L_pi(pi_new) = eta(pi) + sum_s rho(s) sum_a pi_new(a|s) A(s, a).  TRPO (2015), equation (3).

    return: `Surrogate` with the batch axes of the evaluation, weight = rho
    raises: LimitError where rho * A overflows

    >>> from tabular_trpo._core.mdp import MDP
    >>> from tabular_trpo._exact.evaluate import evaluate
    >>> mdp = MDP([[["1"], ["1"]]], [["0", "1"]], ["1"], "1/2")
    >>> surrogate(evaluate(mdp, [["1/2", "1/2"]])).value([[0, 1]])
    Fraction(2, 1)
    """
    e, rad = evaluation, evaluation.radius
    rho, rho_radius = e.rho[..., None], rad.rho[..., None]
    with np.errstate(over="ignore", invalid="ignore"):
        G = rho * e.A
        G_radius = np.abs(rho) * rad.A + rho_radius * (np.abs(e.A) + rad.A)
    if not is_rational(G):
        G_radius = (G_radius + 2 * U * np.abs(G)) * (1 + 2.0**-40) + 4 * LEAST
        finite("rho * A", G_radius)
    allowed = None if e.mdp.mask.all() else e.mdp.mask
    return Surrogate(G, e.rho, e.pi, e.eta, None, G_radius, rad.eta, allowed)
