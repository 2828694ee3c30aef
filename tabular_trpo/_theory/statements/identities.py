"""The equalities: performance difference, visitation mass, first-order agreement, the residual."""

from fractions import Fraction

from tabular_trpo._theory.claim import theorem
from tabular_trpo._theory.trace import Sides, Symbols

TRPO = "Schulman et al. 2015"


@theorem("TRPO (1)", TRPO)
def performance_difference_paths(p: Symbols) -> Sides:
    """The new return is the old one plus the expected advantages along paths of pi_new.

    W is the value, under pi_new, of the reward A: W(s) = E[sum_t gamma^t A(s_t, a_t)].
    """
    return p.eta_new, "==", p.eta + p.sum_s(p.rho0 * p.W)


@theorem("TRPO (2)", TRPO, same_as="performance_difference_paths")
def performance_difference(p: Symbols) -> Sides:
    """The new return is the old one plus the mean advantages weighted by the visits of pi_new."""
    return p.eta_new, "==", p.eta + p.sum_s(p.rho_new * p.A_bar)


@theorem("TRPO (1) at each state", f"after {TRPO}")
def performance_difference_statewise(p: Symbols) -> Sides:
    """The gain V_new - V of each state is its expected discounted advantage under pi_new."""
    return p.max_s(abs(p.V_new - p.V - p.W)), "==", 0


@theorem("TRPO (2), reversed", f"after {TRPO}")
def reversed_performance_difference(p: Symbols) -> Sides:
    """The loss eta - eta_new equals the advantages of pi_new at the visits and actions of pi."""
    return p.eta - p.eta_new, "==", p.sum_s(p.rho * p.sum_a(p.pi * p.A_new))


@theorem("TRPO, rho", f"after {TRPO}")
def visitation_mass(p: Symbols) -> Sides:
    """The visitation frequencies are not normalised: they sum to 1 / (1 - gamma)."""
    return p.sum_s(p.rho), "==", 1 / (1 - p.gamma)


@theorem("TRPO (3)", f"after {TRPO}")
def surrogate_linear(p: Symbols) -> Sides:
    """The surrogate is linear in the policy: a third of the way has a third of the gain."""
    return p.L_mix(Fraction(1, 3)), "==", (2 * p.eta + p.L) / 3


@theorem("TRPO (4)", TRPO)
def surrogate_value(p: Symbols) -> Sides:
    """The surrogate agrees with the return at the old policy."""
    return p.L_mix(0), "==", p.eta


@theorem("TRPO (4), slope", f"after {TRPO}")
def surrogate_gradient(p: Symbols) -> Sides:
    """The surrogate and the return have the same slope at pi along the path to pi_new.

    eta_dot is the derivative of eta((1 - w) pi + w pi_new) at w = 0, computed without A and rho.
    """
    return p.eta_dot, "==", p.L - p.eta


@theorem("TRPO, appendix B", f"after {TRPO}")
def residual_identity(p: Symbols) -> Sides:
    """The error eta_new - L is gamma times the shift of the gain V_new - V at the visits of pi.

    The shift at a state is the expected gain after a step of pi_new less that after a step of pi.
    """
    return p.eta_new - p.L, "==", p.gamma * p.sum_s(p.rho * p.shift(p.V_new - p.V))


@theorem("TRPO (10)", TRPO, same_as="surrogate_value")
def minorant_touches(p: Symbols) -> Sides:
    """The minorant L - C max_kl agrees with the return at the old policy."""
    return p.M_pi, "==", p.eta
