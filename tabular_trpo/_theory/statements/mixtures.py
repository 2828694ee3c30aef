"""Conservative mixtures: the bounds of Kakade and Langford, and the weights that gain by them."""

from typing import Any

from tabular_trpo._theory.claim import theorem
from tabular_trpo._theory.trace import Sides, Symbols

KAKADE, TRPO = "Kakade & Langford 2002", "Schulman et al. 2015"


def promised(p: Symbols) -> Any:
    """Return the slope of the surrogate towards the target, rho . A_bar_target."""
    return p.sum_s(p.rho * p.A_bar_target)


def guarantee(p: Symbols, weight: Any) -> Any:
    """Return the gain that Theorem 4.1 guarantees at a weight."""
    loss = 2 * weight**2 * p.gamma * p.eps_target
    return weight * promised(p) - loss / ((1 - p.gamma) * (1 - p.gamma * (1 - weight)))


@theorem("TRPO (6)", TRPO, center="L")
def cpi_bound(p: Symbols) -> Sides:
    """The return of a mixture is at least its surrogate less a multiple of the squared weight.

    eps_target is the largest mean advantage of the target, not of the mixture.
    """
    return p.eta_new, ">=", p.L - 2 * p.eps_target * p.gamma * p.alpha**2 / (1 - p.gamma) ** 2


@theorem("K&L Theorem 4.1", KAKADE, center="L")
def cpi_coupling(p: Symbols) -> Sides:
    """The return of a mixture is at least its surrogate less a penalty sharper than that of (6).

    The penalty grows with the chance that the target was followed before.
    """
    loss = 2 * p.alpha**2 * p.gamma * p.eps_target
    return p.eta_new, ">=", p.L - loss / ((1 - p.gamma) * (1 - p.gamma * (1 - p.alpha)))


@theorem(
    "from TRPO (6)",
    "own",
    when=lambda p: (4 * p.eps_target * p.gamma * p.alpha, "<=", (1 - p.gamma) ** 2 * promised(p)),
)
def cpi_step(p: Symbols) -> Sides:
    """A weight up to the best one for (6) keeps at least half of the surrogate's gain."""
    return p.eta_new - p.eta, ">=", p.alpha * promised(p) / 2


def _bounded(p: Symbols) -> Sides:
    slack = (1 - p.gamma) ** 2 * p.mean_d(p.A_bar_target) - 4 * p.max_sa(p.r) * p.alpha
    return p.smaller(slack, -p.max_sa(-p.r)), ">=", 0


@theorem("K&L Corollary 4.2", KAKADE, when=_bounded)
def cpi_step_bounded(p: Symbols) -> Sides:
    """Weights up to (1-gamma)^2 A' / (4 R) keep half of the surrogate's gain.

    Here A' = d . A_bar_target, and rewards are in [0, R]. The corollary takes the largest such
    weight; the precondition is the smaller of two numbers, for the weight and for the sign of the
    rewards.
    """
    return p.eta_new - p.eta, ">=", p.alpha * promised(p) / 2


@theorem("from K&L Theorem 4.1", "own", when=lambda p: (promised(p), ">=", 0), algebra=True)
def cpi_best_weight(p: Symbols) -> Sides:
    """The gain that Theorem 4.1 guarantees is largest at the weight of its closed form."""
    share = p.ratio(promised(p) * (1 - p.gamma), 2 * p.eps_target)
    best = p.smaller(1, p.ratio((1 - p.gamma) * (1 / p.sqrt(1 - share) - 1), p.gamma))
    return guarantee(p, p.alpha), "<=", guarantee(p, best)


def covered(p: Symbols) -> Sides:
    """State that pi_new visits only states that pi visits."""
    return p.sum_s(p.rho_new * (1 - p.ratio(p.rho, p.rho))), "<=", 0


def mismatch(p: Symbols) -> Any:
    """Return the largest rho_new / rho, where 0 / 0 counts as 0."""
    return p.max_s(p.ratio(p.rho_new, p.rho))


@theorem("K&L Theorem 6.2", f"after {KAKADE}", when=covered)
def gradient_domination(p: Symbols) -> Sides:
    """The gain is at most max(rho_new / rho) times the largest advantages at visits of pi.

    The papers state it for the optimal policy; also Agarwal et al. 2021, Lemma 4.
    """
    return p.eta_new - p.eta, "<=", mismatch(p) * p.sum_s(p.rho * p.max_a(p.A))


@theorem("K&L Corollary 4.5", f"after {KAKADE}", when=covered)
def gradient_domination_start(p: Symbols) -> Sides:
    """The largest rho_new / rho is at most the largest d_new / rho0, divided by 1 - gamma."""
    return mismatch(p), "<=", p.max_s(p.ratio(p.d_new, p.rho0)) / (1 - p.gamma)
