"""The equalities: performance difference, visitation mass, first-order agreement, the residual."""

from fractions import Fraction
from typing import Any

from tabular_trpo._theory.claim import theorem
from tabular_trpo._theory.trace import Sides

TRPO = "Schulman et al. 2015"


@theorem("TRPO (1)", TRPO)
def performance_difference_paths(p: Any) -> Sides:
    """The new return is the old one plus the expected discounted advantages met by the new policy.

    W is the value, under the new policy, of the reward A: W(s) = E[sum_t gamma^t A(s_t, a_t)].
    """
    return p.eta_new, "==", p.eta + p.sum_s(p.rho0 * p.W)


@theorem("TRPO (2)", TRPO, same_as="performance_difference_paths")
def performance_difference(p: Any) -> Sides:
    """The same, regrouped by states: rho is that of the new policy, A that of the old one."""
    return p.eta_new, "==", p.eta + p.sum_s(p.rho_new * p.A_bar)


@theorem("TRPO (1) at each state", f"after {TRPO}")
def performance_difference_statewise(p: Any) -> Sides:
    """The gain of each state is its expected discounted advantages under the new policy."""
    return p.max_s(abs(p.V_new - p.V - p.W)), "==", 0


@theorem("TRPO (2), reversed", f"after {TRPO}")
def reversed_performance_difference(p: Any) -> Sides:
    """With the policies exchanged: old visits, and the advantages of the new policy."""
    return p.eta - p.eta_new, "==", p.sum_s(p.rho * p.sum_a(p.pi * p.A_new))


@theorem("TRPO, rho", f"after {TRPO}")
def visitation_mass(p: Any) -> Sides:
    """The visitation frequencies are not normalised: they sum to the horizon."""
    return p.sum_s(p.rho), "==", 1 / (1 - p.gamma)


@theorem("TRPO (3)", f"after {TRPO}")
def surrogate_linear(p: Any) -> Sides:
    """The surrogate is linear in the new policy: a third of the way there, a third of the gain."""
    return p.L_mix(Fraction(1, 3)), "==", (2 * p.eta + p.L) / 3


@theorem("TRPO (4)", TRPO)
def surrogate_value(p: Any) -> Sides:
    """The surrogate agrees with the return at the old policy."""
    return p.L_mix(0), "==", p.eta


@theorem("TRPO (4), slope", f"after {TRPO}")
def surrogate_gradient(p: Any) -> Sides:
    """Their slopes at the old policy agree along the path to the new policy.

    eta_dot is the derivative of eta((1 - w) pi + w pi_new) at w = 0, solved for without A or rho.
    """
    return p.eta_dot, "==", p.L - p.eta


@theorem("TRPO, appendix B", f"after {TRPO}")
def residual_identity(p: Any) -> Sides:
    """What the surrogate misses, exactly: the drift of the gain V_new - V along visited states."""
    return p.eta_new - p.L, "==", p.gamma * p.sum_s(p.rho * p.shift(p.V_new - p.V))


@theorem("TRPO (10)", TRPO, same_as="surrogate_value")
def minorant_touches(p: Any) -> Sides:
    """The minorant L - C max_kl meets the return at the old policy."""
    return p.M_pi, "==", p.eta


IDENTITIES = (
    performance_difference_paths,
    performance_difference,
    performance_difference_statewise,
    reversed_performance_difference,
    visitation_mass,
    surrogate_linear,
    surrogate_value,
    surrogate_gradient,
    residual_identity,
    minorant_touches,
)
