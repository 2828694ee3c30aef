"""The equalities: performance difference, visitation mass, first-order agreement, the residual."""

from fractions import Fraction
from typing import Any

from tabular_trpo.theory.claim import theorem
from tabular_trpo.theory.trace import Sides

KAKADE = "Kakade & Langford 2002"
TRPO = "Schulman et al. 2015"
TRPO_B = "Schulman et al. 2015, appendix B"


@theorem("(1)", KAKADE)
def performance_difference_paths(p: Any) -> Sides:
    """The new return is the old one plus the expected discounted advantages met by the new policy.

    W is the value, under the new policy, of the reward A: W(s) = E[sum_t gamma^t A(s_t, a_t)].
    """
    return p.eta_new, "==", p.eta + p.sum_s(p.rho0 * p.W)


@theorem("(2)", KAKADE)
def performance_difference(p: Any) -> Sides:
    """The same, regrouped by states: rho is that of the new policy, A that of the old one."""
    return p.eta_new, "==", p.eta + p.sum_s(p.rho_new * p.A_bar)


@theorem("(2) at each state", KAKADE)
def performance_difference_statewise(p: Any) -> Sides:
    """The gain of each state is its expected discounted advantages under the new policy."""
    return p.max_s(abs(p.V_new - p.V - p.W)), "==", 0


@theorem("rho", TRPO)
def visitation_mass(p: Any) -> Sides:
    """The visitation frequencies are not normalised: they sum to the horizon."""
    return p.sum_s(p.rho), "==", 1 / (1 - p.gamma)


@theorem("(3)", TRPO)
def surrogate_linear(p: Any) -> Sides:
    """The surrogate is linear in the new policy: a third of the way there, a third of the gain."""
    return p.L_mix(Fraction(1, 3)), "==", (2 * p.eta + p.L) / 3


@theorem("(4)", TRPO)
def surrogate_value(p: Any) -> Sides:
    """The surrogate agrees with the return at the old policy."""
    return p.L_mix(0), "==", p.eta


@theorem("(4)", TRPO)
def surrogate_gradient(p: Any) -> Sides:
    """Their slopes at the old policy agree along the path to the new policy.

    eta_dot is the derivative of eta((1 - w) pi + w pi_new) at w = 0, solved for without A or rho.
    """
    return p.eta_dot, "==", p.L - p.eta


@theorem("App. B", TRPO_B)
def residual_identity(p: Any) -> Sides:
    """What the surrogate misses, exactly: the drift of the gain V_new - V along visited states."""
    return p.eta_new - p.L, "==", p.gamma * p.sum_s(p.rho * p.shift(p.V_new - p.V))


@theorem("(10)", TRPO)
def minorant_touches(p: Any) -> Sides:
    """The minorant L - C max_kl meets the return at the old policy."""
    return p.M_pi, "==", p.eta


IDENTITIES = (
    performance_difference_paths,
    performance_difference,
    performance_difference_statewise,
    visitation_mass,
    surrogate_linear,
    surrogate_value,
    surrogate_gradient,
    residual_identity,
    minorant_touches,
)
