"""Policies pi_theta(a|s) proportional to exp(logits(theta)[s, a]), with logits linear in theta.

The full table has a logit for each pair of state and action.  Features f(s, a) reduce the number of
parameters: logits = f . theta.  Then states with equal features have equal rows, and the class does
not contain every policy of the model.

With J = d logits / d theta and M(s) = diag(pi(s)) - pi(s) pi(s)', the gradient of a surrogate is
J'M G, and the Hessian of the mean KL(pi || pi_theta) at pi_theta = pi is H = E_{s~w} J'M J, the
Fisher information (Kakade 2001; TRPO 2015, Appendix C).  Only products H v are formed.
Shapes: S states, A actions, K features; theta, gradients and products have shape (S, A) or (K,).
"""

from typing import Any, final

import numpy as np

from tabular_trpo._core.arithmetic import read_as
from tabular_trpo._core.array_input import resolve_labels
from tabular_trpo._core.errors import InvalidMDPError, LimitError, Problem, invalid
from tabular_trpo._core.indices import read_indices
from tabular_trpo._core.numbers import Array, frozen, shown
from tabular_trpo._core.policy import softmax
from tabular_trpo._core.public import public
from tabular_trpo._core.records import locked_dataclass
from tabular_trpo._core.shapes import shape_error
from tabular_trpo._core.validate import Report, finite, finite_floats, label
from tabular_trpo._exact.surrogate import LocalObjective
from tabular_trpo._families.arguments import size
from tabular_trpo._improve.step import floating

NONEMPTY = "(N,) integers, N at least 1"  # expected of indices of samples


@public
@final
@locked_dataclass(frozen=True, eq=False)
class SoftmaxClass:
    """The policies pi_theta(a|s) proportional to exp(logits[s, a]) over the allowed actions.

    logits = theta for the full table, `SoftmaxClass((S, A))`, else features . theta.

    shape:    (S, A)
    features: (S, A, K) finite, or None for the full table
    allowed:  (S, A) bool, or None where every action is allowed; the others have probability 0
    raises:   InvalidMDPError for other shapes, NaN, and features that are equal for all allowed
              actions of every state, for which every policy would be uniform

    >>> SoftmaxClass((1, 2)).policy([[0.0, np.log(3.0)]])
    array([[0.25, 0.75]])
    """

    shape: tuple[int, int]
    features: Array | None = None
    allowed: Array | None = None

    def __post_init__(self) -> None:
        """Check all fields, then store copies of them."""
        if len(self.shape) != 2:
            raise invalid("shape", "shape", f"= {shown(self.shape)}", "(S, A)")
        shape = size("shape[0]", self.shape[0], 1), size("shape[1]", self.shape[1], 1)
        allowed = _mask(self.allowed, shape)
        features = None
        if self.features is not None:
            features = read_as("features", self.features, rational=False).copy()
            if features.ndim != 3 or features.shape[:2] != shape:
                raise shape_error("features", features.shape, f"(S, A, K) = {(*shape, 'K')}")
            report = Report()
            finite(report, "features", features, "s a k")
            report.close()
            _separating(features, np.ones(shape, dtype=bool) if allowed is None else allowed)
            frozen(features)
        for name, value in (("shape", shape), ("features", features), ("allowed", allowed)):
            object.__setattr__(self, name, value)

    @property
    def theta_shape(self) -> tuple[int, ...]:
        """The shape of theta: (S, A) for the full table, else (K,)."""
        return self.shape if self.features is None else self.features.shape[2:]

    @property
    def rank(self) -> int:
        """The dimension of the set of policies.

        This is the rank of the features less their mean over the allowed actions of each state;
        other directions of theta change no probability.
        """
        mask = np.ones(self.shape, dtype=bool) if self.allowed is None else self.allowed
        if self.features is None:
            return int(mask.sum() - self.shape[0])
        centred = _centred(self.features, mask).reshape(-1, self.features.shape[2])
        largest = np.abs(centred).max(axis=0)
        return int(np.linalg.matrix_rank(centred / np.where(largest > 0, largest, 1.0)))

    @property
    def separates(self) -> bool:
        """Whether each row of the policy can be changed independently, as in the full table."""
        return self.rank == SoftmaxClass(self.shape, None, self.allowed).rank

    def theta(self, theta: object, name: str = "theta") -> Array:
        """Return theta after checks, of the shape `theta_shape`; a table may be one-dimensional.

        name:   the name of theta in errors
        raises: InvalidMDPError for another shape, NaN, infinities; ExactnessError for rationals
        """
        read = finite_floats(name, theta)
        if read.shape not in (self.theta_shape, (int(np.prod(self.theta_shape)),)):
            raise shape_error(name, read.shape, str(self.theta_shape))
        return read.reshape(self.theta_shape)

    def logits(self, theta: object) -> Array:
        """Return the logits (S, A) of theta; -inf where an action is not allowed.

        raises: InvalidMDPError for another shape or NaN, ExactnessError for rationals, LimitError
                where features . theta overflows
        """
        with np.errstate(over="ignore", invalid="ignore"):
            logits = self._forward(self.theta(theta))
        if not np.isfinite(logits).all():
            cure = "Scale the features or theta"
            raise LimitError.of("overflow", "logits", "overflow", "finite numbers", cure)
        return logits if self.allowed is None else np.where(self.allowed, logits, -np.inf)

    def policy(self, theta: object) -> Array:
        """Return pi_theta, (S, A), the softmax of the logits of each state.

        raises: InvalidMDPError for another shape or NaN, ExactnessError for rationals, LimitError
                where features . theta overflows
        """
        return softmax(self.logits(theta))

    @public
    def gradient(self, L: LocalObjective, theta: object) -> Array:
        """Return the gradient of L(pi_theta) in theta, sum_{s,a} pi (G - E_pi G) dlogits/dtheta.

        For an exact surrogate, at the theta of its policy, this is the policy gradient (Sutton et
        al. 2000).

        theta:  (S, A) or (K,), like the result
        raises: InvalidMDPError for a theta or a surrogate of another shape; ExactnessError for
                rationals; LimitError where the logits overflow

        >>> from tabular_trpo import Surrogate
        >>> L = Surrogate([[-1.0, 1.0]], [1.0], [[0.5, 0.5]], 0.0)
        >>> SoftmaxClass((1, 2)).gradient(L, [[0.0, 0.0]])
        array([[-0.5,  0.5]])
        """
        self.check(L)
        pi = self.policy(theta)
        return self._back(_spread(pi, L.gradient(pi)))

    def fisher_product(self, weight: object, theta: object, v: object) -> Array:
        """Return H v, H the Hessian of E_{s~w} KL(pi || pi_theta) at pi_theta = pi.

        H = E_{s~w} J'(diag(pi) - pi pi')J with w = weight / sum(weight) and J = dlogits/dtheta; the
        mean over actions is exact.  H is 0 if all weights are 0.  TRPO (2015), Appendix C.

        weight: (S,) >= 0
        v:      of the shape of theta, like the result
        raises: InvalidMDPError for another shape, negative weights or NaN; ExactnessError for
                rationals; LimitError where the logits overflow
        """
        w = normalised("weight", weight, self.shape[:1])
        pi = self.policy(theta)
        return self._back(w[:, None] * _spread(pi, self._forward(self.theta(v, "v"))))

    def empirical_fisher_product(
        self, theta: object, v: object, states: object, actions: object, weights: object = None
    ) -> Array:
        """Return (1/N) sum_i score_i (score_i . v) of sampled pairs, score = grad log pi(a_i|s_i).

        The expectation under s ~ w, a ~ pi(.|s) is `fisher_product`.

        v:               of the shape of theta, like the result
        states, actions: (N,) integers
        weights:         (N,) >= 0, divided by their sum; None for 1 / N each
        raises:          InvalidMDPError for other shapes, indices out of range or an action of
                         probability 0; ExactnessError for rationals; LimitError where the logits
                         overflow
        """
        S, A = self.shape
        s, a = _indices("states", states, S), _indices("actions", actions, A)
        if s.shape != a.shape:
            raise shape_error("actions", a.shape, f"{s.shape} like states")
        w = normalised("weights", np.ones(len(s)) if weights is None else weights, s.shape)
        pi = self.policy(theta)
        if (bad := np.flatnonzero(pi[s, a] == 0)).size:
            got, cure = f"has probability 0 in state {s[bad[0]]}", "Sample from pi_theta itself"
            where = label("actions", (int(bad[0]),), "i")
            problem = Problem("impossible", where, got, "an action that pi_theta takes", cure)
            raise InvalidMDPError(problem, hidden=len(bad) - 1)
        z = self._forward(self.theta(v, "v"))
        along = z[s, a] - (pi * z).sum(axis=1)[s]
        table = np.zeros(self.shape)
        np.add.at(table, (s, a), w * along)
        return self._back(table - pi * table.sum(axis=1, keepdims=True))

    @public
    def check(self, L: LocalObjective) -> None:
        """Check that a surrogate is of one model, in floats, and of the shape of the class.

        raises: InvalidMDPError for a batch or another shape, ExactnessError for a rational one

        >>> from tabular_trpo import Surrogate
        >>> SoftmaxClass((1, 2)).check(Surrogate([[0.0, 1.0]], [1.0], [[0.5, 0.5]], 0.0))
        """
        if floating(L).pi.shape != self.shape:
            raise shape_error("surrogate", L.pi.shape, f"{self.shape}, that of the policy class")

    def _forward(self, v: Array) -> Array:
        """Return J v, (S, A), with J = d logits / d theta."""
        return v if self.features is None else self.features @ v

    def _back(self, table: Array) -> Array:
        """Return J' table, of the shape of theta."""
        return table if self.features is None else np.einsum("sak,sa->k", self.features, table)


@public
def aliased(groups: object, n_actions: int, allowed: Any = None) -> SoftmaxClass:
    """Return the class in which the states of a group share their logits; K = groups * A.

    This is state aggregation: pi_theta(.|s) is the softmax of row g(s) of theta.reshape(-1, A).

    groups:    (S,) integers; rows of theta are in ascending order of these
    n_actions: A
    allowed:   (S, A) bool, or None where every action is allowed
    raises:    InvalidMDPError for other shapes or types, and states without an allowed action

    >>> aliased([0, 0, 1], 2).policy([0.0, 0.0, 0.0, np.log(3.0)])[:, 1]
    array([0.5 , 0.5 , 0.75])
    """
    labels = read_indices("groups", groups, None, "(S,) integers")
    if labels.size == 0:
        raise shape_error("groups", labels.shape, "(S,) integers, S at least 1")
    A = size("n_actions", n_actions, 1)
    names, group = np.unique(labels, return_inverse=True)
    features = np.einsum("sg,ab->sagb", np.eye(len(names))[group], np.eye(A))
    return SoftmaxClass((len(labels), A), features.reshape(len(labels), A, -1), allowed)


def _spread(pi: Array, z: Array) -> Array:
    """Return (diag(pi(s)) - pi(s) pi(s)') z(s) of each state, (S, A)."""
    return np.asarray(pi * (z - (pi * z).sum(axis=1, keepdims=True)))


def _mask(allowed: object, shape: tuple[int, int]) -> Array | None:
    """Return the mask of allowed actions (S, A) after checks, None for None."""
    if allowed is None:
        return None
    mask = np.array(resolve_labels("allowed", allowed))
    if mask.dtype != bool or mask.shape != shape:
        got = f"is {mask.dtype} of shape {mask.shape}"
        raise invalid("shape", "allowed", got, f"bool of shape {shape}")
    if (empty := np.flatnonzero(~mask.any(axis=1))).size:
        problem = Problem("no_action", f"allowed[s={empty[0]}]", "has no action", "at least one")
        raise InvalidMDPError(problem, hidden=len(empty) - 1)
    return frozen(mask)


def _centred(features: Array, mask: Array) -> Array:
    """Return features less their mean over the allowed actions of a state; 0 where not allowed."""
    inside = np.where(mask[..., None], features, 0.0)
    mean = inside.sum(axis=1, keepdims=True) / mask.sum(axis=1)[:, None, None]
    return np.where(mask[..., None], features - mean, 0.0)


def _separating(features: Array, mask: Array) -> None:
    """Check that features of allowed actions differ in some state, unless none has a choice."""
    first = np.take_along_axis(features, mask.argmax(axis=1)[:, None, None], axis=1)
    differ = (features != first) & mask[..., None]
    if not differ.any() and (mask.sum(axis=1) > 1).any():
        got, expected = "are equal for all actions of each state", "a difference in one state"
        cure = "A feature of the state alone cancels in the softmax: let it depend on the action"
        raise invalid("not_separating", "features", got, expected, cure)


def normalised(name: str, weight: object, shape: tuple[int, ...] | None = None) -> Array:
    """Return weights (N,) divided by their sum; zeros if all are 0.

    raises: InvalidMDPError for another shape, negative, NaN or infinite weights; ExactnessError for
            rationals
    """
    w = read_as(name, weight, rational=False)
    if shape is not None and w.shape != shape:
        raise shape_error(name, w.shape, str(shape))
    if (bad := np.flatnonzero(~((w >= 0) & (w < np.inf)))).size:
        at = int(bad[0])
        problem = Problem("range", f"{name}[{at}]", f"= {w[at]}", "a finite number >= 0")
        raise InvalidMDPError(problem, hidden=len(bad) - 1)
    largest = w.max(initial=0.0)
    return w / largest / (w / largest).sum() if largest > 0 else w


def _indices(name: str, values: object, n: int) -> Array:
    """Return indices (N,), N >= 1, after a check that they are integers from 0 to n - 1."""
    index = read_indices(name, values, n, NONEMPTY)
    if index.size == 0:
        raise shape_error(name, index.shape, NONEMPTY)
    return index
