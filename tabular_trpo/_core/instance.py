"""The record of a model with an old and a new policy.

Worst cases, pairs made for a model and pairs read from files are all an `Instance`.  It holds data
only; `theory.pair.Pair.of` checks the policies and computes what theorems refer to.
"""

from collections.abc import Callable
from fractions import Fraction
from typing import Any, final

from tabular_trpo._core import policy
from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.nearest import nearest
from tabular_trpo._core.numbers import Array, OptionalScalar
from tabular_trpo._core.public import public
from tabular_trpo._core.records import locked_dataclass


@public
@final
@locked_dataclass(frozen=True, eq=False, repr=False)
class Instance:
    """A model with an old and a new policy; for a mixture, pi_new = (1 - alpha) pi + alpha target.

    name:        what it is called, such as a family with its parameters; may be empty
    mdp:         the model
    pi, pi_new:  (S, A) in the arithmetic of the model; `Pair.of` checks them
    target:      (S, A), and `alpha` in [0, 1]; both None unless pi_new is a mixture

    >>> one = MDP([[["1"], ["1"]]], [["0", "1"]], ["1"], "1/2")
    >>> pi, greedy = [[Fraction(1), Fraction(0)]], [[Fraction(0), Fraction(1)]]
    >>> x = Instance.towards("a tenth", one, pi, greedy, Fraction(1, 10))
    >>> x, x.pi_new[0, 0], list(x.policies())
    (<Instance: a tenth, mixture, S=1, A=2, rational>, Fraction(9, 10), ['pi', 'pi_new', 'target'])
    """

    name: str
    mdp: MDP
    pi: Array
    pi_new: Array
    target: Array | None = None
    alpha: OptionalScalar = None

    @classmethod
    def towards(
        cls, name: str, mdp: MDP, pi: Any, other: Any, alpha: OptionalScalar = None
    ) -> "Instance":
        """Return an instance by its second policy: pi_new, or with `alpha` the target of a mixture.

        raises: InvalidMDPError, ExactnessError for a policy that is not a mixture
        """
        if alpha is None:
            return cls(name, mdp, pi, other)
        return cls(name, mdp, pi, policy.mixture(pi, other, alpha), other, alpha)

    @property
    def is_mixture(self) -> bool:
        """Whether pi_new is given as (1 - alpha) pi + alpha target."""
        return self.target is not None

    @property
    def other(self) -> Array:
        """The second policy of `towards`: the target of a mixture, else pi_new."""
        return self.pi_new if self.target is None else self.target

    def policies(self) -> dict[str, Array]:
        """Return the policies by their names in a file of the model."""
        named = {"pi": self.pi, "pi_new": self.pi_new}
        return named if self.target is None else {**named, "target": self.target}

    def __repr__(self) -> str:
        """Return one line: the name, the size and the arithmetic."""
        mdp, mixture = self.mdp, ", mixture" if self.is_mixture else ""
        size = f"S={mdp.n_states}, A={mdp.n_actions}, {mdp.arithmetic}"
        return f"<Instance: {self.name or 'unnamed'}{mixture}, {size}>"

    def to_rational(self) -> "Instance":
        """Return the instance in rational arithmetic; the mixture is that of the exact policies.

        raises: InvalidMDPError for a batch, MemoryGuardError where the dense table would not fit
        """
        return self._converted(self.mdp.to_rational(), policy.to_rational, Fraction)

    def to_float(self) -> "Instance":
        """Return the instance in float arithmetic.

        raises: ExactnessError where a positive probability would become 0
        """
        return self._converted(self.mdp.to_float(), policy.to_float, nearest)

    def _converted(
        self, mdp: MDP, read: Callable[[Array], Array], number: Callable[[Any], Any]
    ) -> "Instance":
        alpha = None if self.alpha is None else number(self.alpha)
        return Instance.towards(self.name, mdp, read(self.pi), read(self.other), alpha)
