"""The model: a finite discounted Markov decision process, validated once and read-only afterwards.

`build` makes the fields from what a user gives, `columns` from lists of transitions, `counts` from
observed counts; `conversion` makes the same model in the other arithmetic.
"""

from collections.abc import Iterable
from dataclasses import field
from typing import Any, final

import numpy as np

from tabular_trpo._core import columns, conversion
from tabular_trpo._core.build import build_fields
from tabular_trpo._core.counts import exact_only, frequencies
from tabular_trpo._core.deprecated import renamed_attribute
from tabular_trpo._core.errors import invalid
from tabular_trpo._core.linalg.rational import RationalMatrix
from tabular_trpo._core.numbers import Array, Scalar, brief, is_rational, is_sparse
from tabular_trpo._core.public import public
from tabular_trpo._core.records import locked_dataclass
from tabular_trpo._core.rewards import match_layout

KEPT = ("P", "r", "rho0", "gamma", "allowed", "state_names", "action_names", "r_next")


@public
@final
@locked_dataclass(frozen=True, eq=False, init=False, repr=False)
class MDP:
    """A finite discounted Markov decision process (S, A, P, r, rho0, gamma).

    Fractions, Decimals and strings such as "1/3" make a rational model, floats a float model; both
    in one model are refused.  Float rows are put on the grid of multiples of 2^-53 (`core.grid`).

    P:       (..., S, A, S) probabilities P(s'|s, a), or CSR (S*A, S) with rows s*A + a
    r:       (..., S, A) expected reward; r(s) (..., S) and r(s, a, s') (..., S, A, S) are accepted,
             and so is r for a whole batch where its shape has one meaning; (S, S) is r(s, a)
             where S = A
    rho0:    (..., S) start distribution
    gamma:   (...) discount in [0, 1)
    allowed: (S, A) bool or None; rows of P of disallowed pairs are zero
    r_next:  the rewards r(s, a, s') of which r is the mean, of the shape of P; None where the
             reward depends on s and a alone
    repair:  the largest change of an entry on the way to the grid
    normalize, normalized: whether to divide the rows of P and rho0 by their sums; the largest
             abs(sum - 1) before (0 without normalize)
    Labelled tables are read by label: the names of states and actions, or positions 0, 1, ...

    raises:  InvalidMDPError naming each offender, ExactnessError, MemoryGuardError for arrays that
             would not fit

    >>> MDP([[["1/2", "1/2"]], [[0, 1]]], [1, 0], [1, 0], "9/10").arithmetic
    'rational'
    """

    P: Any
    r: Array
    rho0: Array
    gamma: Scalar
    allowed: Array | None
    state_names: tuple[str, ...]
    action_names: tuple[str, ...]
    r_next: Any
    repair: float
    normalized: float
    _rows: RationalMatrix | None = field(init=False)
    _below: Array | None = field(init=False)

    def __init__(
        self,
        P: object,
        r: object,
        rho0: object,
        gamma: object,
        allowed: object = None,
        state_names: object = None,
        action_names: object = None,
        *,
        normalize: bool = False,
        r_next: object = None,
        repair: float = 0.0,
        normalized: float = 0.0,
    ) -> None:
        """Read and check every field; nothing is stored before all of it is valid.

        repair, normalized: of an earlier model with these numbers; the larger values are kept
        """
        data = {"P": P, "r": r, "rho0": rho0, "gamma": gamma, "allowed": allowed, "r_next": r_next}
        fields = build_fields(data, state_names, action_names, normalize)
        for name, value in fields.items():
            object.__setattr__(self, name, value)
        object.__setattr__(self, "repair", max(repair, self.repair))
        object.__setattr__(self, "normalized", max(normalized, self.normalized))

    def __repr__(self) -> str:
        """Return size, discount and arithmetic on one line."""
        size = f"S={self.n_states}, A={self.n_actions}"
        batch = f"batch {self.batch_shape}, " if self.batch_shape else ""
        low, high = (brief(end(self.gamma)) for end in (np.min, np.max))
        discount = low if low == high else f"{low} to {high}"
        kind = f"{self.arithmetic}{', CSR' if self.is_sparse else ''}"
        rewards = "" if self.r_next is None else ", rewards on transitions"
        return f"<MDP: {batch}{size}, gamma {discount}, {kind}{rewards}>"

    def replace(self, *, normalize: bool = False, **changes: Any) -> "MDP":
        """Return the model with other fields, checked like any model.

        Rewards r(s, a, s') are kept, and averaged again under another P; another r drops them.

        changes:   P, r, rho0, gamma, allowed, state_names, action_names, r_next
        normalize: whether rows of P and rho0 are divided by their sums
        raises:    InvalidMDPError, ExactnessError, TypeError for another name

        >>> m = MDP([[["1"]]], [[["2"]]], ["1"], "9/10")
        >>> m.replace(gamma="1/2").r_next
        array([[[Fraction(2, 1)]]], dtype=object)
        """
        unknown = sorted(set(changes) - set(KEPT))
        if unknown:
            raise TypeError(f"replace has no field {unknown[0]!r}; fields are {', '.join(KEPT)}")
        own = {name: getattr(self, name) for name in KEPT}
        if "r_next" not in changes:
            if "r" in changes:
                own["r_next"] = None
            elif "P" in changes and self.r_next is not None:
                own["r"], own["r_next"] = (
                    match_layout(self.r_next, changes["P"], self.r.shape),
                    None,
                )
        history = {"repair": self.repair, "normalized": self.normalized}
        return MDP(**own | changes, **history, normalize=normalize)

    @property
    def rewards_on(self) -> str:
        """Return "transitions" where the model has r(s, a, s'), "pairs" where r(s, a) alone."""
        return "pairs" if self.r_next is None else "transitions"

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
    def arithmetic(self) -> str:
        """Return "rational" or "float"."""
        return "rational" if is_rational(self.r) else "float"

    lane = renamed_attribute("lane", "arithmetic")

    @property
    def is_sparse(self) -> bool:
        """Whether P is a CSR array."""
        return is_sparse(self.P)

    @property
    def mask(self) -> Array:
        """The allowed pairs, (S, A) bool, never None."""
        return np.ones(self.r.shape[-2:], dtype=bool) if self.allowed is None else self.allowed

    @classmethod
    @public
    def from_transitions(
        cls,
        transitions: Iterable[Any],
        rho0: object,
        gamma: object,
        state_names: Any = None,
        action_names: Any = None,
        layout: object = "auto",
        normalize: bool = False,
    ) -> "MDP":
        """Build from rows (s, a, s', probability, reward); a state has the actions of its rows.

        transitions: rows whose s, a, s' are indices, or names where names are given
        rho0:        (S,) or a mapping from state to probability
        layout:      "dense", "csr", or "auto": by the fill of P, dense from 1/16 on and where P
                     has at most 2^14 entries
        normalize:   whether rows are divided by their sums (recorded in `normalized`)
        raises:      InvalidMDPError, also for a triple (s, a, s') given twice, and for the layout
                     "csr" where numbers are exact

        >>> MDP.from_transitions([(0, 0, 0, 1, "1/2")], ["1"], "1/2").r
        array([[Fraction(1, 2)]], dtype=object)
        """
        table = columns.collect(transitions, rho0, state_names, action_names)
        P, r_next, allowed = columns.arrays(table, layout)
        r = columns.possible_rewards(r_next, P)
        names = (table.state_names, table.action_names)
        return cls(P, r, table.rho0, gamma, allowed, *names, normalize=normalize)

    @classmethod
    def from_counts(
        cls, counts: object, r: object, rho0: object, gamma: object, normalize: bool = False
    ) -> "MDP":
        """Build from observed transition counts: P(s'|s, a) = counts / their sum, exactly.

        counts: (S, A, S) nonnegative integers; every row has at least one count
        normalize: whether rho0 is divided by its sum (recorded in `normalized`)
        raises: InvalidMDPError, also for floats in r, rho0 or gamma: the frequencies are exact;
                MemoryGuardError where the exact table would not fit

        >>> MDP.from_counts([[[1, 2]], [[0, 3]]], ["1", "0"], ["1", "0"], "1/2").P[0, 0, 1]
        Fraction(2, 3)
        """
        exact_only(r=r, rho0=rho0, gamma=gamma)
        return cls(frequencies(counts), r, rho0, gamma, normalize=normalize)

    def __getitem__(self, index: int | tuple[int, ...]) -> "MDP":
        """Return one model of a batch."""
        if not self.batch_shape:
            raise invalid("batch", "mdp", "is a single model", "a batch to index")
        r_next = None if self.r_next is None else self.r_next[index]
        gamma = np.asarray(self.gamma)[index]
        one = {"P": self.P[index], "r": self.r[index], "rho0": self.rho0[index], "gamma": gamma}
        return self.replace(**one, r_next=r_next)

    def to_float(self) -> "MDP":
        """Return the model in float arithmetic: nearest doubles, then rows on the grid k / 2^53.

        raises: ExactnessError where a positive probability would become 0, gamma 1, or a reward
                infinite
        """
        if self.arithmetic == "float":
            return self
        return self.replace(**conversion.floats(self._numbers()))

    def to_rational(self) -> "MDP":
        """Return the model in rational arithmetic: each double as the dyadic rational that it is.

        Rows on the grid sum to exactly 1.  In a row with entries below 2^-53 the largest entry is
        adjusted (see `repair` and `core.grid`).  The mean reward r is exact; of rewards r(s, a, s')
        one in each row takes the rounding of the mean.

        raises: InvalidMDPError for a batch, MemoryGuardError where the dense table would not fit
        """
        if self.arithmetic == "rational":
            return self
        one_model(self)
        return self.replace(**conversion.rationals(self._numbers(), self._below))

    def _numbers(self) -> conversion.Numbers:
        """Return P, r, rho0, gamma and r_next by name."""
        return {name: getattr(self, name) for name in ("P", "r", "rho0", "gamma", "r_next")}


def one_model(mdp: MDP) -> None:
    """Raise InvalidMDPError for a batch of models."""
    if mdp.batch_shape:
        got = f"has batch {mdp.batch_shape}"
        raise invalid("batch", "mdp", got, "one model", "Take one model by mdp[i]")
