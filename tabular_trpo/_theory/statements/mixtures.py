"""Conservative mixtures: Kakade & Langford's bounds, and the weights that they guarantee."""

from typing import Any

from tabular_trpo._theory.claim import theorem
from tabular_trpo._theory.trace import Sides

KAKADE, TRPO = "Kakade & Langford 2002", "Schulman et al. 2015"


def promised(p: Any) -> Any:
    """Return the slope of the surrogate towards the target, rho . A_bar_target."""
    return p.sum_s(p.rho * p.A_bar_target)


def guarantee(p: Any, weight: Any) -> Any:
    """Return the gain that Theorem 4.1 guarantees at a weight."""
    loss = 2 * weight**2 * p.gamma * p.eps_target
    return weight * promised(p) - loss / ((1 - p.gamma) * (1 - p.gamma * (1 - weight)))


@theorem("TRPO (6)", TRPO, center="L")
def cpi_bound(p: Any) -> Sides:
    """A mixture loses at most the square of its weight; eps_target belongs to the target."""
    return p.eta_new, ">=", p.L - 2 * p.eps_target * p.gamma * p.alpha**2 / (1 - p.gamma) ** 2


@theorem("K&L Theorem 4.1", KAKADE, center="L")
def cpi_coupling(p: Any) -> Sides:
    """The sharper form: the loss grows with the chance to have taken the target before."""
    loss = 2 * p.alpha**2 * p.gamma * p.eps_target
    return p.eta_new, ">=", p.L - loss / ((1 - p.gamma) * (1 - p.gamma * (1 - p.alpha)))


@theorem(
    "from TRPO (6)",
    "own",
    when=lambda p: (4 * p.eps_target * p.gamma * p.alpha, "<=", (1 - p.gamma) ** 2 * promised(p)),
)
def cpi_step(p: Any) -> Sides:
    """A weight up to the best one for (6) keeps at least half of what the surrogate promises."""
    return p.eta_new - p.eta, ">=", p.alpha * promised(p) / 2


def _bounded(p: Any) -> Sides:
    room = (1 - p.gamma) ** 2 * p.mean_d(p.A_bar_target) - 4 * p.max_sa(p.r) * p.alpha
    return p.smaller(room, -p.max_sa(-p.r)), ">=", 0


@theorem("K&L Corollary 4.2", KAKADE, when=_bounded)
def cpi_step_bounded(p: Any) -> Sides:
    """For rewards in [0, R] a weight up to (1-gamma)^2 A' / (4 R), A' = d . A_bar_target, does so.

    The corollary takes the largest such weight; the premise holds rewards and weight in one number.
    """
    return p.eta_new - p.eta, ">=", p.alpha * promised(p) / 2


@theorem("from K&L Theorem 4.1", "own", when=lambda p: (promised(p), ">=", 0), algebra=True)
def cpi_best_weight(p: Any) -> Sides:
    """No weight has a larger guarantee by Theorem 4.1 than its closed form."""
    share = p.ratio(promised(p) * (1 - p.gamma), 2 * p.eps_target)
    best = p.smaller(1, p.ratio((1 - p.gamma) * (1 / p.sqrt(1 - share) - 1), p.gamma))
    return guarantee(p, p.alpha), "<=", guarantee(p, best)


def covered(p: Any) -> Sides:
    """Say that pi_new visits no state which pi never visits."""
    return p.sum_s(p.rho_new * (1 - p.ratio(p.rho, p.rho))), "<=", 0


def mismatch(p: Any) -> Any:
    """Return the largest rho_new / rho, where 0 / 0 counts as 0."""
    return p.max_s(p.ratio(p.rho_new, p.rho))


@theorem("K&L Theorem 6.2", f"after {KAKADE}", when=covered)
def gradient_domination(p: Any) -> Sides:
    """Any policy gains at most what the greedy one promises, scaled by how far the visits shift.

    Stated for the optimal policy; also Agarwal et al. 2021, Lemma 4.
    """
    return p.eta_new - p.eta, "<=", mismatch(p) * p.sum_s(p.rho * p.max_a(p.A))


@theorem("K&L Corollary 4.5", f"after {KAKADE}", when=covered)
def gradient_domination_start(p: Any) -> Sides:
    """The shift is at most that from the start over a horizon."""
    return mismatch(p), "<=", p.max_s(p.ratio(p.d_new, p.rho0)) / (1 - p.gamma)


MIXTURES = (
    cpi_bound,
    cpi_coupling,
    cpi_step,
    cpi_step_bounded,
    cpi_best_weight,
    gradient_domination,
    gradient_domination_start,
)
