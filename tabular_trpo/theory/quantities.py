"""Every quantity a claim can speak of, written once for floats, rationals and enclosures."""

from fractions import Fraction
from functools import cached_property
from typing import Any

from tabular_trpo.core.mdp import MDP
from tabular_trpo.exact.evaluate import evaluate
from tabular_trpo.theory.constants import penalty_constant
from tabular_trpo.theory.ops import Ops


class Quantities:
    """Every quantity by + - * / and the functions of the language (abstract).

    A member supplies the arithmetic `ops` and the data; the rest is computed when first asked for.
    Scalars have the batch shape (...), the others (..., S) or (..., S, A).
    """

    ops: Ops
    mdp: MDP
    gamma: Any
    rho0: Any
    r: Any
    pi: Any
    pi_new: Any
    target: Any  # None unless a mixture
    alpha: Any

    @cached_property
    def old(self) -> Any:
        """The evaluation of pi."""
        return evaluate(self.mdp, self.pi)

    @cached_property
    def new(self) -> Any:
        """The evaluation of pi_new."""
        return evaluate(self.mdp, self.pi_new)

    @property
    def is_mixture(self) -> bool:
        """Whether pi_new is known as (1 - alpha) pi + alpha target."""
        return self.target is not None

    @property
    def V(self) -> Any:
        """Value of pi."""
        return self.old.V

    @property
    def Q(self) -> Any:
        """Action value of pi."""
        return self.old.Q

    @property
    def A(self) -> Any:
        """Advantage of pi."""
        return self.old.A

    @property
    def rho(self) -> Any:
        """Visitation of pi, unnormalised."""
        return self.old.rho

    @property
    def d(self) -> Any:
        """Visitation of pi, normalised."""
        return self.old.d

    @property
    def eta(self) -> Any:
        """Return of pi."""
        return self.old.eta

    @property
    def V_new(self) -> Any:
        """Value of pi_new."""
        return self.new.V

    @property
    def rho_new(self) -> Any:
        """Visitation of pi_new, unnormalised."""
        return self.new.rho

    @property
    def eta_new(self) -> Any:
        """Return of pi_new."""
        return self.new.eta

    @cached_property
    def W(self) -> Any:
        """Value of the reward A under pi_new, solved for: (I - gamma P_new) W = A_bar."""
        return self.ops.solve(self.pi_new, self.A_bar)

    @cached_property
    def V_dot(self) -> Any:
        """Derivative of V along (1 - w) pi + w pi_new at w = 0, solved for.

        (I - gamma P_pi) V_dot = (r_new - r_pi) + gamma (P_new - P_pi) V.
        """
        change = self.ops.sum_last((self.pi_new - self.pi) * self.r)
        return self.ops.solve(self.pi, change + self.spread(self.gamma, 1) * self.shift(self.V))

    @cached_property
    def eta_dot(self) -> Any:
        """Derivative of eta along the same path, rho0 . V_dot."""
        return self.sum_s(self.rho0 * self.V_dot)

    @cached_property
    def A_bar(self) -> Any:
        """Mean advantage of the new policy, sum_a pi_new A, (..., S)."""
        return self.ops.sum_last(self.pi_new * self.A)

    @cached_property
    def A_bar_target(self) -> Any:
        """Mean advantage of the target of a mixture, (..., S)."""
        return self.ops.sum_last(self.target * self.A)

    @cached_property
    def L(self) -> Any:
        """Surrogate eta + rho . A_bar.  TRPO (2015), equation (3)."""
        return self.eta + self.sum_s(self.rho * self.A_bar)

    @cached_property
    def tv(self) -> Any:
        """Total variation distance of the rows, half of the 1-norm, (..., S)."""
        return self.ops.sum_last(abs(self.pi - self.pi_new)) / 2

    @cached_property
    def kl(self) -> Any:
        """KL(pi || pi_new) of the rows; infinite where support is lost, (..., S)."""
        return self.ops.kl(self.pi, self.pi_new)

    @cached_property
    def max_tv(self) -> Any:
        """Largest tv over all states."""
        return self.max_s(self.tv)

    @cached_property
    def mean_tv(self) -> Any:
        """Mean tv under d of the old policy."""
        return self.mean_d(self.tv)

    @cached_property
    def max_kl(self) -> Any:
        """Largest kl over all states."""
        return self.max_s(self.kl)

    @cached_property
    def mean_kl(self) -> Any:
        """Mean kl under d of the old policy; states never visited count 0, even at kl = inf."""
        return self.mean_d(self.kl)

    @cached_property
    def eps(self) -> Any:
        """Largest abs(A) over all states and allowed actions."""
        return self.max_sa(abs(self.A))

    @cached_property
    def eps_cpi(self) -> Any:
        """Largest abs(A_bar) over all states."""
        return self.max_s(abs(self.A_bar))

    @cached_property
    def eps_target(self) -> Any:
        """Largest abs(A_bar_target) over all states: the eps of the mixture bound."""
        return self.max_s(abs(self.A_bar_target))

    @cached_property
    def C(self) -> Any:
        """Penalty constant 4 eps gamma / (1 - gamma)^2."""
        return penalty_constant(self.eps, self.gamma)

    @cached_property
    def M(self) -> Any:
        """Minorant L - C max_kl at the new policy.  TRPO (2015), equation (10)."""
        return self.L - self.times(self.C, self.max_kl)

    @cached_property
    def M_pi(self) -> Any:
        """The same minorant at the old policy."""
        return self.L_mix(0) - self.times(self.C, self.max_s(self.ops.kl(self.pi, self.pi)))

    def sum_s(self, x: Any) -> Any:
        """Return sum_s x(s)."""
        return self.ops.sum_last(x)

    def max_s(self, x: Any) -> Any:
        """Return max_s x(s)."""
        return self.ops.max_last(x)

    def span_s(self, x: Any) -> Any:
        """Return max_s x(s) - min_s x(s)."""
        return self.ops.max_last(x) + self.ops.max_last(-x)

    def mean_d(self, x: Any) -> Any:
        """Return sum_s d(s) x(s), where d = 0 makes the term 0."""
        return self.sum_s(self.times(self.d, x))

    def max_a(self, X: Any) -> Any:
        """Return the maximum over the allowed actions, (..., S)."""
        return self.ops.max_allowed(X)

    def span_a(self, X: Any) -> Any:
        """Return max - min over the allowed actions, (..., S)."""
        return self.ops.max_allowed(X) + self.ops.max_allowed(-X)

    def max_sa(self, X: Any) -> Any:
        """Return the maximum over states and allowed actions."""
        return self.max_s(self.max_a(X))

    def times(self, x: Any, y: Any) -> Any:
        """Return x y, where 0 times infinity is 0."""
        return self.ops.times(x, y)

    def sqrt(self, x: Any) -> Any:
        """Return the square root."""
        return self.ops.sqrt(x)

    def smaller(self, x: Any, y: Any) -> Any:
        """Return min(x, y)."""
        return self.ops.smaller(x, y)

    def constant(self, c: Fraction) -> Any:
        """Return a rational constant in the arithmetic of the lane."""
        return self.ops.constant(c)

    def spread(self, x: Any, rank: int) -> Any:
        """Return a scalar as it combines with (..., S), rank 1, or (..., S, A), rank 2."""
        return self.ops.spread(x, rank)

    def shift(self, f: Any) -> Any:
        """Return (P_new - P_pi) f, (..., S)."""
        return self.ops.sum_last((self.pi_new - self.pi) * self.ops.expect(f))

    def step_tv(self, t: int) -> Any:
        """Return the total variation distance of the laws of s_t under the two policies."""
        old = new = self.rho0
        for _ in range(t):
            old = self.ops.flow(self.spread(old, 1) * self.pi)
            new = self.ops.flow(self.spread(new, 1) * self.pi_new)
        return self.sum_s(abs(old - new)) / 2

    def L_mix(self, w: Any) -> Any:
        """Return the surrogate at (1 - w) pi + w pi_new, from Q and V instead of A."""
        weight = self.constant(Fraction(w))
        mixed = (1 - weight) * self.pi + weight * self.pi_new
        return self.eta + self.sum_s(self.rho * (self.ops.sum_last(mixed * self.Q) - self.V))
