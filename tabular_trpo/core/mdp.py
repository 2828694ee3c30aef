"""The model: a finite discounted Markov decision process, validated once, read-only ever after."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, final

import numpy as np

from tabular_trpo.core import columns
from tabular_trpo.core.arguments import typed, typed_record
from tabular_trpo.core.build import guard_dense, normalise
from tabular_trpo.core.counts import exact_only, frequencies
from tabular_trpo.core.errors import InvalidMDPError, LaneError, Problem
from tabular_trpo.core.grid import largest_gives_way
from tabular_trpo.core.linalg.rational import Rows
from tabular_trpo.core.names import read_names
from tabular_trpo.core.nearest import nearest
from tabular_trpo.core.numbers import Array, Scalar, elementwise, is_rational, is_sparse


def _no_double(code: str, where: str, got: str) -> LaneError:
    cure = "Stay in the rational lane"
    return LaneError(Problem(code, where, got, "a number float64 can hold", cure))


@typed_record
@final
@dataclass(frozen=True, slots=True, eq=False)
class MDP:
    """A finite discounted Markov decision process (S, A, P, r, rho0, gamma).

    The lane follows the data: Fractions, Decimals and strings such as "1/3" make a rational model,
    floats a float model; mixing them raises.  Float rows are put on the grid k / 2^53 (`repair` is
    the largest change).

    P:       (..., S, A, S) probabilities P(s'|s, a), or CSR (S*A, S) with rows s*A + a
    r:       (..., S, A) expected reward; r(s) (..., S) and r(s, a, s') (..., S, A, S) are accepted,
             and so is r for a whole batch where its shape has one meaning
    rho0:    (..., S) start distribution
    gamma:   (...) discount in [0, 1)
    allowed: (S, A) bool or None; rows of P of disallowed pairs are zero
    raises:  InvalidMDPError naming each offender, MemoryGuardError for arrays that would not fit

    >>> MDP([[["1/2", "1/2"]], [[0, 1]]], [1, 0], [1, 0], "9/10").lane
    'rational'
    """

    P: Any
    r: Any
    rho0: Any
    gamma: Any
    allowed: Any = None
    state_names: Any = None
    action_names: Any = None
    r_next: Any = field(init=False, repr=False)
    repair: float = field(init=False, repr=False)
    _rows: Rows | None = field(init=False, repr=False)
    _below: Array | None = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Normalise and check every field; nothing is stored before all of it is valid."""
        parts, mask = normalise(self.P, self.r, self.rho0, self.gamma, self.allowed)
        n_states, n_actions = parts.r.shape[-2:]
        fields = {
            "P": parts.P,
            "r": parts.r,
            "rho0": parts.rho0,
            "gamma": parts.gamma,
            "allowed": mask,
            "state_names": read_names("state_names", self.state_names, n_states),
            "action_names": read_names("action_names", self.action_names, n_actions),
            "r_next": parts.r_next,
            "repair": parts.repair,
            "_rows": parts.rows,
            "_below": parts.below,
        }
        for name, value in fields.items():
            object.__setattr__(self, name, value)

    @property
    def n_states(self) -> int:
        """The number of states."""
        return int(self.r.shape[-2])

    @property
    def n_actions(self) -> int:
        """The number of actions."""
        return int(self.r.shape[-1])

    @property
    def batch_shape(self) -> tuple[int, ...]:
        """The leading axes; () for a single model."""
        return tuple(self.r.shape[:-2])

    @property
    def lane(self) -> str:
        """Return "rational" or "float"."""
        return "rational" if is_rational(self.r) else "float"

    @property
    def is_sparse(self) -> bool:
        """Whether P is a CSR array."""
        return is_sparse(self.P)

    @property
    def mask(self) -> Array:
        """The allowed pairs, (S, A) bool, never None."""
        return np.ones(self.r.shape[-2:], dtype=bool) if self.allowed is None else self.allowed

    @classmethod
    @typed
    def from_transitions(
        cls,
        transitions: Iterable[tuple[Any, Any, Any, Any, Any]],
        rho0: Any,
        gamma: Scalar,
        state_names: Sequence[str] | None = None,
        action_names: Sequence[str] | None = None,
        layout: str = "auto",
    ) -> "MDP":
        """Build from rows (s, a, s', probability, reward); a state has the actions in its rows.

        transitions: s, a, s' are indices, or names where names are given
        rho0:        (S,) or a mapping from state to probability
        layout:      "dense", "csr", or "auto": dense while P has at most 2^22 entries
        raises:      InvalidMDPError, also for a triple (s, a, s') given twice, and for the layout
                     "csr" where numbers are exact

        >>> MDP.from_transitions([(0, 0, 0, 1, "1/2")], ["1"], "1/2").r
        array([[Fraction(1, 2)]], dtype=object)
        """
        table = columns.collect(transitions, rho0, state_names, action_names)
        P, r, allowed = columns.arrays(table, layout)
        return cls(P, r, table.rho0, gamma, allowed, table.state_names, table.action_names)

    @classmethod
    def from_counts(cls, counts: Any, r: Any, rho0: Any, gamma: Scalar) -> "MDP":
        """Build from observed transition counts: P(s'|s, a) = counts / their sum, exactly.

        counts: (S, A, S) nonnegative integers; every row has at least one count
        raises: InvalidMDPError, also for floats in r, rho0 or gamma: the frequencies are exact;
                MemoryGuardError where the exact table would not fit

        >>> MDP.from_counts([[[1, 2]], [[0, 3]]], ["1", "0"], ["1", "0"], "1/2").P[0, 0, 1]
        Fraction(2, 3)
        """
        exact_only(r=r, rho0=rho0, gamma=gamma)
        return cls(frequencies(counts), r, rho0, gamma)

    def __getitem__(self, index: int | tuple[int, ...]) -> "MDP":
        """Return one model of a batch."""
        if not self.batch_shape:
            raise InvalidMDPError(Problem("batch", "mdp", "is a single model", "a batch to index"))
        gamma = np.asarray(self.gamma)[index]
        names = (self.state_names, self.action_names)
        r = self.r if self.r_next is None else self.r_next
        return MDP(self.P[index], r[index], self.rho0[index], gamma, self.allowed, *names)

    def to_float(self) -> "MDP":
        """Return the model in the float lane: nearest doubles, then rows on the grid k / 2^53.

        raises: LaneError where a positive probability would become 0, gamma 1, or a reward infinite
        """
        if self.lane == "float":
            return self
        P, rho0 = (elementwise(nearest, x, np.float64) for x in (self.P, self.rho0))
        gamma = nearest(self.gamma)
        given = self.r if self.r_next is None else self.r_next
        r = elementwise(nearest, given, np.float64)
        if not np.isfinite(r).all():
            raise _no_double("overflow", "a reward", "is beyond the largest double")
        if np.any((P == 0) != (self.P == 0)) or np.any((rho0 == 0) != (self.rho0 == 0)):
            what = "a positive probability"
            raise _no_double("underflow", what, "is below the smallest double")
        if gamma == 1.0:
            raise _no_double("gamma", "gamma", f"= 1 - {nearest(1 - self.gamma):.3g} rounds to 1")
        return MDP(P, r, rho0, gamma, self.allowed, self.state_names, self.action_names)

    def to_rational(self) -> "MDP":
        """Return the model in the rational lane: each double as the dyadic rational that it is.

        Rows on the grid are exactly stochastic already; in a row with entries below 2^-53 the
        largest entry gives way (see `repair` and `core.grid`).  The expected reward r is carried
        over; rewards r(s, a, s') are not, because their float average was rounded.

        raises: InvalidMDPError for a batch, MemoryGuardError where the dense table would not fit
        """
        if self.lane == "rational":
            return self
        if self.batch_shape:
            cure = "Take one model by mdp[i]"
            raise InvalidMDPError(
                Problem("batch", "mdp", f"has batch {self.batch_shape}", "a single model", cure)
            )
        n_states, n_actions = self.r.shape
        guard_dense(n_states, n_actions, rational=True)
        table = self.P.toarray() if self.is_sparse else self.P
        P = elementwise(Fraction, table.reshape(n_states, n_actions, n_states))
        if self._below is not None:
            for s, a in np.argwhere(self._below):
                P[s, a] = largest_gives_way(P[s, a].tolist())
        rho0 = elementwise(Fraction, self.rho0)
        rho0[:] = largest_gives_way(rho0.tolist())
        r, gamma = elementwise(Fraction, self.r), Fraction(self.gamma)
        return MDP(P, r, rho0, gamma, self.allowed, self.state_names, self.action_names)
