"""Every quantity a claim can speak of, written once for floats, rationals and enclosures."""

from functools import cached_property
from typing import Any

from tabular_trpo._core.errors import NoValueError, Problem
from tabular_trpo._core.mdp import MDP
from tabular_trpo._exact.evaluate import evaluate
from tabular_trpo._exact.optimal import optimal
from tabular_trpo._theory.average import Averages
from tabular_trpo._theory.computed import computed
from tabular_trpo._theory.constants import penalty_constant


class Quantities(Averages):
    """Every quantity by + - * / and the functions of the language (abstract).

    A member supplies the arithmetic `ops` and the data; the rest is computed when first asked for.
    Scalars have the batch shape (...), the others (..., S) or (..., S, A).
    """

    mdp: MDP
    gamma: Any
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

    @cached_property
    def V_star(self) -> Any:
        """Optimal value."""
        return optimal(self.mdp).V_star

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
    def Q_new(self) -> Any:
        """Action value of pi_new."""
        return self.new.Q

    @property
    def A_new(self) -> Any:
        """Advantage of pi_new."""
        return self.new.A

    @property
    def d_new(self) -> Any:
        """Visitation of pi_new, normalised."""
        return self.new.d

    @property
    def eta_new(self) -> Any:
        """Return of pi_new."""
        return self.new.eta

    @computed()
    def W(self) -> Any:
        """Value of the reward A under pi_new, solved for: (I - gamma P_new) W = A_bar."""
        return self.ops.solve(self.pi_new, self.A_bar)

    @computed()
    def V_dot(self) -> Any:
        """Derivative of V along (1 - w) pi + w pi_new at w = 0, solved for.

        (I - gamma P_pi) V_dot = (r_new - r_pi) + gamma (P_new - P_pi) V.
        """
        change = self.ops.sum_last((self.pi_new - self.pi) * self.r)
        return self.ops.solve(self.pi, change + self.spread(self.gamma, 1) * self.shift(self.V))

    @computed()
    def eta_dot(self) -> Any:
        """Derivative of eta along the same path, rho0 . V_dot."""
        return self.sum_s(self.rho0 * self.V_dot)

    @computed()
    def A_bar(self) -> Any:
        """Mean advantage of the new policy, sum_a pi_new A, (..., S)."""
        return self.ops.sum_last(self.pi_new * self.A)

    @computed()
    def A_bar_target(self) -> Any:
        """Mean advantage of the target of a mixture, (..., S)."""
        if not self.is_mixture:
            got, cure = "has no target", "Make a mixture by Pair.mixture(mdp, pi, target, alpha)"
            raise NoValueError(Problem("target", "the pair", got, "a mixture", cure))
        return self.ops.sum_last(self.target * self.A)

    @computed()
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
    def kl_reversed(self) -> Any:
        """KL(pi_new || pi) of the rows, (..., S)."""
        return self.ops.kl(self.pi_new, self.pi)

    @cached_property
    def log_gap(self) -> Any:
        """abs(log pi_new - log pi), 0 where they agree, infinite where one is 0, (..., S, A)."""
        return self.ops.log_gap(self.pi, self.pi_new)

    @cached_property
    def kl_d(self) -> Any:
        """KL(d || d_new) of the normalised visitations."""
        return self.ops.kl(self.d, self.d_new)

    @cached_property
    def entropy(self) -> Any:
        """Entropy of the rows of pi, - sum_a pi log pi, (..., S)."""
        return self.ops.entropy(self.pi)

    @cached_property
    def entropy_new(self) -> Any:
        """Entropy of the rows of pi_new, (..., S)."""
        return self.ops.entropy(self.pi_new)

    @computed()
    def K(self) -> Any:
        """Value of the reward `entropy` under pi: V + K is the soft value at temperature 1."""
        return self.ops.solve(self.pi, self.entropy)

    @computed()
    def K_new(self) -> Any:
        """Value of the reward `entropy_new` under pi_new."""
        return self.ops.solve(self.pi_new, self.entropy_new)

    @computed()
    def natural(self) -> Any:
        """Natural gradient F^+ rho pi A in the logits of a table, (..., S, A).  Kakade (2001)."""
        g = self.spread(self.rho, 1) * self.pi * self.A
        return self.ops.natural(self.pi, self.rho, g)

    @computed()
    def w_fit(self) -> Any:
        """The same in logits that all states share: A is fitted by w_fit - sum_a pi w_fit."""
        g = self.spread(self.rho, 1) * self.pi * self.A
        return self.ops.shared(self.pi, self.rho, g)

    @computed()
    def w_fit_new(self) -> Any:
        """Such weights of pi_new, with rho_new and A_new, (..., S, A)."""
        g = self.spread(self.rho_new, 1) * self.pi_new * self.A_new
        return self.ops.shared(self.pi_new, self.rho_new, g)

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

    @computed()
    def eps(self) -> Any:
        """Largest abs(A) over all states and allowed actions."""
        return self.max_sa(abs(self.A))

    @computed()
    def eps_cpi(self) -> Any:
        """Largest abs(A_bar) over all states."""
        return self.max_s(abs(self.A_bar))

    @computed()
    def eps_target(self) -> Any:
        """Largest abs(A_bar_target) over all states: the eps of the mixture bound."""
        return self.max_s(abs(self.A_bar_target))

    @computed()
    def C(self) -> Any:
        """Penalty constant 4 eps gamma / (1 - gamma)^2."""
        return penalty_constant(self.eps, self.gamma)

    @computed("max_kl")
    def M(self) -> Any:
        """Minorant L - C max_kl at the new policy.  TRPO (2015), equation (10)."""
        return self.L - self.times(self.C, self.max_kl)

    @computed("max_kl")
    def M_pi(self) -> Any:
        """The same minorant at the old policy."""
        return self.L_mix(0) - self.times(self.C, self.max_s(self.ops.kl(self.pi, self.pi)))
