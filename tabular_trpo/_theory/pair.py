"""A model with an old and a new policy, from which every quantity of a claim is derived."""

from functools import cached_property
from typing import Any, final

import numpy as np

from tabular_trpo._core import policy
from tabular_trpo._core.arithmetic import check_arithmetic
from tabular_trpo._core.instance import Instance
from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.numbers import Array, brief, fractions, read_array
from tabular_trpo._core.overflow import finite
from tabular_trpo._core.policy_checks import check_policy
from tabular_trpo._core.public import public
from tabular_trpo._core.shapes import shape_error
from tabular_trpo._exact.work import evaluation
from tabular_trpo._theory.enclosed import EnclosedPair
from tabular_trpo._theory.exact_ops import ExactOps
from tabular_trpo._theory.float_ops import FloatOps
from tabular_trpo._theory.quantities import Quantities
from tabular_trpo._theory.vocabulary import entries


@public
@final
class Pair(Quantities):
    """An old and a new policy on a model (or a batch), with every quantity of the theorems.

    Quantities are computed when first read: eta eta_new L M C eps eps_cpi max_tv mean_tv
    max_kl mean_kl (...); V V_new rho rho_new d A_bar tv kl W (..., S); A Q r pi pi_new (..., S, A);
    for mixtures also alpha, target, A_bar_target and eps_target; J kemeny d_avg h and those of
    pi_new for the average reward, where a chain has one recurrent class.

    mdp:        the model
    pi, pi_new: (..., S, A) in its arithmetic
    raises:     InvalidMDPError, ExactnessError for the policies

    >>> mdp = MDP([[["1"], ["1"]]], [["0", "1"]], ["1"], "1/2")
    >>> pair = Pair(mdp, [["1/2", "1/2"]], [["1/4", "3/4"]])
    >>> pair.eta_new - pair.eta, pair.L - pair.eta, pair.max_tv
    (Fraction(1, 2), Fraction(1, 2), Fraction(1, 4))
    """

    @public
    def __init__(self, mdp: MDP, pi: Any, pi_new: Any) -> None:
        """Check the policies and store them; quantities are computed when they are first read."""
        self.mdp = mdp
        self.pi = check_policy(mdp, pi)
        self.pi_new = check_policy(mdp, pi_new, "pi_new")
        self.rho0, self.r, self.gamma = mdp.rho0, mdp.r, mdp.gamma
        self.target, self.alpha = None, None
        self.ops = ExactOps(mdp) if mdp.arithmetic == "rational" else FloatOps(mdp)

    @cached_property
    def exact_seconds(self) -> float:
        """The estimated seconds of the exact evaluations of both policies (see `exact_work`)."""
        exact = self.exact
        return sum(evaluation(exact.mdp, pi).seconds for pi in (exact.pi, exact.pi_new))

    @classmethod
    @public
    def mixture(cls, mdp: MDP, pi: Any, target: Any, alpha: Any) -> "Pair":
        """Return the pair of pi and (1 - alpha) pi + alpha target.  TRPO (2015), equation (5).

        In float arithmetic the pair is read as the exact mixture of the policies that are stored.

        pi, target: (..., S, A) in the arithmetic of the model
        alpha:      in [0, 1], in the arithmetic of the model; (...) for a batch
        raises:     InvalidMDPError, ExactnessError
        """
        rational = mdp.arithmetic == "rational"
        kind, weight = read_array("alpha", alpha)
        if rational and kind != "float":
            weight = fractions("alpha", weight)
        check_arithmetic("alpha", weight, rational)
        if weight.ndim and weight.shape != mdp.batch_shape:
            expected = f"() or the batch {mdp.batch_shape}"
            raise shape_error("alpha", weight.shape, expected)
        old, goal = check_policy(mdp, pi), check_policy(mdp, target, "target")
        weight = weight if weight.ndim else weight[()]
        pair = cls(mdp, old, policy.mixture(old, goal, weight))
        pair.target, pair.alpha = goal, weight
        return pair

    def settled(self, name: str, value: Any, *parts: str) -> Any:
        """Return a computed value after a check for overflow.

        parts:  the names in its formula; the value may be infinite only where one of them is
        raises: LimitError where doubles overflow
        """
        if self.mdp.arithmetic == "rational" or np.isfinite(value).all():
            return value
        found = (getattr(self, entry.name) for entry in entries(parts) if not entry.takes)
        sizes = (self._size(np.asarray(x), np.ndim(value)) for x in found)
        return finite(name, value, *sizes)

    def _size(self, x: Array, axes: int) -> Array:
        """Return the largest absolute entry of x for each model of the batch.

        axes: the number of trailing axes of x that are not batch axes
        """
        batch = min(x.ndim, len(self.mdp.batch_shape))
        size = abs(x).max(axis=tuple(range(batch, x.ndim)))
        return np.asarray(size.reshape(size.shape + (1,) * (axes - batch)))

    def __repr__(self) -> str:
        """Return one line with the numbers of states and actions and the arithmetic."""
        mdp = self.mdp
        batch = f", batch {mdp.batch_shape}" if mdp.batch_shape else ""
        kind = f"mixture, alpha={brief(self.alpha)}" if self.is_mixture and not batch else "pair"
        sizes = f"S={mdp.n_states}, A={mdp.n_actions}{batch}"
        return f"<Pair: {kind}, {sizes}, {mdp.arithmetic} arithmetic>"

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the model and the policies; quantities are computed again when they are read."""
        return Pair.of, (self.instance,)

    @classmethod
    @public
    def of(cls, instance: Instance) -> "Pair":
        """Return the pair of an instance, a mixture pair where the instance is a mixture.

        raises: InvalidMDPError, ExactnessError for its policies

        >>> from tabular_trpo._families.worst_case import tight_cpi
        >>> Pair.of(tight_cpi("9/10"))
        <Pair: mixture, alpha=1/10, S=2, A=2, rational arithmetic>
        """
        x = instance
        if x.target is None:
            return cls(x.mdp, x.pi, x.pi_new)
        return cls.mixture(x.mdp, x.pi, x.target, x.alpha)

    @property
    def instance(self) -> Instance:
        """The model and the policies, without computed quantities."""
        return Instance("", self.mdp, self.pi, self.pi_new, self.target, self.alpha)

    def to_rational(self) -> "Pair":
        """Return the pair in rational arithmetic; each float is a dyadic rational.

        raises: InvalidMDPError for a batch, MemoryGuardError where the dense table would not fit
        """
        if self.mdp.arithmetic == "rational":
            return self
        return Pair.of(self.instance.to_rational())

    def to_float(self) -> "Pair":
        """Return the pair in float arithmetic, each number rounded.

        raises: ExactnessError where a positive probability would become 0
        """
        return self if self.mdp.arithmetic == "float" else Pair.of(self.instance.to_float())

    @cached_property
    def exact(self) -> "Pair":
        """The pair in rational arithmetic, converted once and stored."""
        return self.to_rational()

    def enclosed(self) -> EnclosedPair:
        """Return intervals that contain the exact quantities of a single float pair."""
        return self._enclosed

    @cached_property
    def _enclosed(self) -> EnclosedPair:
        return EnclosedPair(self.old, self.new, self.target, self.alpha)

    def __getitem__(self, index: int | tuple[int, ...]) -> "Pair":
        """Return the single pair at an index of a batch."""
        alpha = None
        if self.is_mixture:
            alpha = np.broadcast_to(self.alpha, self.mdp.batch_shape)[index]
        pi, other = self.pi[index], self.instance.other[index]
        return Pair.of(Instance.towards("", self.mdp[index], pi, other, alpha))
