"""The equalities: performance difference, visitation mass, first-order agreement, the residual."""

from fractions import Fraction

from tabular_trpo._theory.claim import theorem
from tabular_trpo._theory.symbols import Symbols
from tabular_trpo._theory.trace import Sides

TRPO = "Schulman et al. 2015"


@theorem("TRPO (1)", TRPO)
def performance_difference_paths(p: Symbols) -> Sides:
    """The new return is eta plus the expected discounted advantages of pi along paths of pi_new.

    The expectation is sum_s rho0 W, where W is the value, under pi_new, of the reward A: W(s) =
    E[sum_t gamma^t A(s_t, a_t)] with s_0 = s.
    """
    return p.eta_new, "==", p.eta + p.sum_s(p.rho0 * p.W)


@theorem("TRPO (2)", TRPO, same_as="performance_difference_paths")
def performance_difference(p: Symbols) -> Sides:
    """The new return is eta + sum_s rho_new A_bar.

    Here A_bar is the mean advantage of pi_new, and rho_new is the unnormalised visitation of
    pi_new.
    """
    return p.eta_new, "==", p.eta + p.sum_s(p.rho_new * p.A_bar)


@theorem("TRPO (1) at each state", f"after {TRPO}")
def performance_difference_statewise(p: Symbols) -> Sides:
    """At each state the gain V_new - V is the expected discounted advantage of pi under pi_new.

    The expectation is W(s) = E[sum_t gamma^t A(s_t, a_t)] along paths of pi_new with s_0 = s.
    """
    return p.max_s(abs(p.V_new - p.V - p.W)), "==", 0


@theorem("TRPO (2), reversed", f"after {TRPO}")
def reversed_performance_difference(p: Symbols) -> Sides:
    """The loss eta - eta_new is the mean under rho pi of the advantage A_new of pi_new."""
    return p.eta - p.eta_new, "==", p.sum_s(p.rho * p.sum_a(p.pi * p.A_new))


@theorem("TRPO, rho", f"after {TRPO}")
def visitation_mass(p: Symbols) -> Sides:
    """The unnormalised visitation rho of pi sums to 1 / (1 - gamma)."""
    return p.sum_s(p.rho), "==", 1 / (1 - p.gamma)


@theorem("TRPO (3)", f"after {TRPO}")
def surrogate_linear(p: Symbols) -> Sides:
    """The surrogate L is linear in the policy: at (2 pi + pi_new) / 3 it is (2 eta + L) / 3."""
    return p.L_mix(Fraction(1, 3)), "==", (2 * p.eta + p.L) / 3


@theorem("TRPO (4)", TRPO)
def surrogate_value(p: Symbols) -> Sides:
    """The surrogate L at the old policy pi is the return eta of pi."""
    return p.L_mix(0), "==", p.eta


@theorem("TRPO (4), slope", f"after {TRPO}")
def surrogate_gradient(p: Symbols) -> Sides:
    """The surrogate L and the return have the same derivative at pi along the path to pi_new.

    The path is (1 - w) pi + w pi_new.  eta_dot is the derivative of the return at w = 0, computed
    without A and rho; the derivative of the surrogate is L - eta.
    """
    return p.eta_dot, "==", p.L - p.eta


@theorem("TRPO, appendix B", f"after {TRPO}")
def residual_identity(p: Symbols) -> Sides:
    """The error eta_new - L is gamma sum_s rho x, with x = (P(pi_new) - P(pi)) (V_new - V).

    Here x(s) is the expected gain V_new - V after one step of pi_new from s, less that after one
    step of pi.
    """
    return p.eta_new - p.L, "==", p.gamma * p.sum_s(p.rho * p.shift(p.V_new - p.V))


@theorem("TRPO (10)", TRPO, same_as="surrogate_value")
def minorant_touches(p: Symbols) -> Sides:
    """The minorant L - C max_kl at the old policy pi is the return eta of pi."""
    return p.M_pi, "==", p.eta
