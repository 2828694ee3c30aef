"""The model: a finite discounted Markov decision process, validated once, read-only ever after."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np

from tabular_trpo._core import columns
from tabular_trpo._core import conversion as crossing
from tabular_trpo._core.build import build_arrays
from tabular_trpo._core.counts import exact_only, frequencies
from tabular_trpo._core.deprecated import renamed_attribute
from tabular_trpo._core.errors import invalid
from tabular_trpo._core.linalg.rational import RationalMatrix
from tabular_trpo._core.names import read_names
from tabular_trpo._core.numbers import Array, Scalar, is_rational, is_sparse
from tabular_trpo._core.public import public
from tabular_trpo._core.records import locked
from tabular_trpo._core.rewards import match_layout

KEPT = ("P", "r", "rho0", "gamma", "allowed", "state_names", "action_names", "r_next")


@public
@final
@locked
@dataclass(frozen=True, slots=True, eq=False, init=False)
class MDP:
    """A finite discounted Markov decision process (S, A, P, r, rho0, gamma).

    The arithmetic follows the data: Fractions, Decimals and strings such as "1/3" make a rational model,
    floats a float model; mixing them raises.  Float rows are put on the grid k / 2^53.

    P:       (..., S, A, S) probabilities P(s'|s, a), or CSR (S*A, S) with rows s*A + a
    r:       (..., S, A) expected reward; r(s) (..., S) and r(s, a, s') (..., S, A, S) are accepted,
             and so is r for a whole batch where its shape has one meaning; (S, S) is r(s, a)
             where S = A
    rho0:    (..., S) start distribution
    gamma:   (...) discount in [0, 1)
    allowed: (S, A) bool or None; rows of P of disallowed pairs are zero
    r_next:  the rewards r(s, a, s') of which r is the mean, of the shape of P; None where the
             model knows r(s, a) alone, which is then the reward whatever s' is
    repair:  the largest change of an entry on the way to the grid
    normalize, normalized: whether to divide the rows of P and rho0 by their sums; how far the
             farthest sum was from 1 (0 where nobody asked)
    Labelled tables are read by label: the names of states and actions, or positions 0, 1, ...

    raises:  InvalidMDPError naming each offender, MemoryGuardError for arrays that would not fit

    >>> MDP([[["1/2", "1/2"]], [[0, 1]]], [1, 0], [1, 0], "9/10").arithmetic
    'rational'
    """

    P: Any
    r: Any
    rho0: Any
    gamma: Any
    allowed: Any
    state_names: Any
    action_names: Any
    r_next: Any
    repair: float = field(repr=False)
    normalized: float = field(repr=False)
    _rows: RationalMatrix | None = field(init=False, repr=False)
    _below: Array | None = field(init=False, repr=False)

    def __init__(
        self,
        P: Any,
        r: Any,
        rho0: Any,
        gamma: Any,
        allowed: Any = None,
        state_names: Any = None,
        action_names: Any = None,
        *,
        normalize: bool = False,
        r_next: Any = None,
        repair: float = 0.0,
        normalized: float = 0.0,
    ) -> None:
        """Normalise and check every field; nothing is stored before all of it is valid.

        repair, normalized: what happened to these numbers before
        """
        named = {"state_names": state_names, "action_names": action_names}
        names = {what: x if x is None else read_names(what, x) for what, x in named.items()}
        data = {"P": P, "r": r, "rho0": rho0, "gamma": gamma, "allowed": allowed, "r_next": r_next}
        parts = build_arrays(data, names["state_names"], names["action_names"], normalize)
        for (what, x), n in zip(names.items(), parts.r.shape[-2:], strict=True):
            object.__setattr__(self, what, read_names(what, x, n))
        fields = {
            "P": parts.P,
            "r": parts.r,
            "rho0": parts.rho0,
            "gamma": parts.gamma,
            "allowed": parts.allowed,
            "r_next": parts.r_next,
            "repair": max(repair, parts.repair),
            "normalized": max(normalized, parts.normalized),
            "_rows": parts.rows,
            "_below": parts.below,
        }
        for name, value in fields.items():
            object.__setattr__(self, name, value)

    def replace(self, *, normalize: bool = False, **changes: Any) -> "MDP":
        """Return the model with other fields, checked like any model.

        Rewards r(s, a, s') are kept, and averaged anew under another P; another r drops them.

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
        """Return "transitions" where r(s, a, s') is known, "pairs" where r(s, a) alone is."""
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
        transitions: Iterable[tuple[Any, Any, Any, Any, Any]],
        rho0: Any,
        gamma: Scalar,
        state_names: Any = None,
        action_names: Any = None,
        layout: Any = "auto",
        normalize: bool = False,
    ) -> "MDP":
        """Build from rows (s, a, s', probability, reward); a state has the actions in its rows.

        transitions: s, a, s' are indices, or names where names are given
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
        cls, counts: Any, r: Any, rho0: Any, gamma: Scalar, normalize: bool = False
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
        return self._made(one | {"r_next": r_next})

    def _made(self, numbers: dict[str, Any]) -> "MDP":
        """Return the model with these numbers, the rest as it is here."""
        kept = ("allowed", "state_names", "action_names", "repair", "normalized")
        return MDP(**numbers, **{name: getattr(self, name) for name in kept})

    def to_float(self) -> "MDP":
        """Return the model in float arithmetic: nearest doubles, then rows on the grid k / 2^53.

        raises: ExactnessError where a positive probability would become 0, gamma 1, or a reward infinite
        """
        return self if self.arithmetic == "float" else self._made(crossing.floats(self))

    def to_rational(self) -> "MDP":
        """Return the model in rational arithmetic: each double as the dyadic rational that it is.

        Rows on the grid are exactly stochastic already; in a row with entries below 2^-53 the
        largest entry gives way (see `repair` and `core.grid`).  The mean reward r is exact, and so
        are rewards r(s, a, s') but for one in a row, which takes the rounding of the mean.

        raises: InvalidMDPError for a batch, MemoryGuardError where the dense table would not fit
        """
        if self.arithmetic == "rational":
            return self
        if self.batch_shape:
            cure = "Take one model by mdp[i]"
            raise invalid("batch", "mdp", f"has batch {self.batch_shape}", "a single model", cure)
        return self._made(crossing.rationals(self))
