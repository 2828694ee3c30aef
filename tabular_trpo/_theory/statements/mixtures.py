"""Conservative mixtures: the bounds of Kakade and Langford, and the weights that gain by them."""

from typing import Any

from tabular_trpo._theory.claim import theorem
from tabular_trpo._theory.symbols import Symbols
from tabular_trpo._theory.trace import Sides

KAKADE, TRPO = "Kakade & Langford 2002", "Schulman et al. 2015"


def surrogate_slope(p: Symbols) -> Any:
    """Return the slope of the surrogate L towards the target, sum_s rho A_bar_target."""
    return p.sum_s(p.rho * p.A_bar_target)


def guarantee(p: Symbols, weight: Any) -> Any:
    """Return the lower bound on the gain at a mixture weight by Theorem 4.1 of K&L."""
    loss = 2 * weight**2 * p.gamma * p.eps_target
    return weight * surrogate_slope(p) - loss / ((1 - p.gamma) * (1 - p.gamma * (1 - weight)))


@theorem("TRPO (6)", TRPO, center="L")
def cpi_bound(p: Symbols) -> Sides:
    """The return of a mixture is at least L - 2 eps_target gamma alpha^2 / (1 - gamma)^2.

    Here alpha is the weight of the target policy, L is the surrogate of the mixture, and eps_target
    is the largest absolute mean advantage of the target, not of the mixture.
    """
    return p.eta_new, ">=", p.L - 2 * p.eps_target * p.gamma * p.alpha**2 / (1 - p.gamma) ** 2


@theorem("K&L Theorem 4.1", KAKADE, center="L")
def cpi_coupling(p: Symbols) -> Sides:
    """The return of a mixture is at least L less 2 alpha^2 gamma eps_target over a horizon factor.

    The factor is (1 - gamma) (1 - gamma (1 - alpha)).  It is at least the factor (1 - gamma)^2 of
    TRPO (6), so this bound is sharper.  Here alpha is the weight of the target policy, and
    eps_target is the largest absolute mean advantage of the target.
    """
    loss = 2 * p.alpha**2 * p.gamma * p.eps_target
    return p.eta_new, ">=", p.L - loss / ((1 - p.gamma) * (1 - p.gamma * (1 - p.alpha)))


@theorem(
    "from TRPO (6)",
    "own",
    when=lambda p: (
        4 * p.eps_target * p.gamma * p.alpha,
        "<=",
        (1 - p.gamma) ** 2 * surrogate_slope(p),
    ),
)
def cpi_step(p: Symbols) -> Sides:
    """A mixture up to the best weight for TRPO (6) has at least half of the surrogate's gain.

    That weight is (1 - gamma)^2 g / (4 eps_target gamma) with g = sum_s rho A_bar_target.  The gain
    eta_new - eta of the mixture with weight alpha is then at least alpha g / 2.
    """
    return p.eta_new - p.eta, ">=", p.alpha * surrogate_slope(p) / 2


def _bounded(p: Symbols) -> Sides:
    slack = (1 - p.gamma) ** 2 * p.mean_d(p.A_bar_target) - 4 * p.max_sa(p.r) * p.alpha
    return p.smaller(slack, -p.max_sa(-p.r)), ">=", 0


@theorem("K&L Corollary 4.2", KAKADE, when=_bounded)
def cpi_step_bounded(p: Symbols) -> Sides:
    """Mixtures of weight alpha <= (1-gamma)^2 A' / (4 R) have half of the surrogate's gain.

    Here A' = sum_s d A_bar_target is the normalised mean advantage of the target policy, and all
    rewards are in [0, R].  The corollary takes the largest such weight; here any smaller one is
    allowed.  The precondition is the smaller of two numbers, one for the bound of the weight and
    one for rewards >= 0.
    """
    return p.eta_new - p.eta, ">=", p.alpha * surrogate_slope(p) / 2


@theorem("from K&L Theorem 4.1", "own", when=lambda p: (surrogate_slope(p), ">=", 0), algebra=True)
def cpi_best_weight(p: Symbols) -> Sides:
    """The gain that Theorem 4.1 guarantees for a mixture is largest at a weight in closed form.

    With g = sum_s rho A_bar_target, eps = eps_target and x = g (1 - gamma) / (2 eps), the best
    weight is the smaller of 1 and (1 - gamma) (1 / sqrt(1 - x) - 1) / gamma.
    """
    share = p.ratio(surrogate_slope(p) * (1 - p.gamma), 2 * p.eps_target)
    best = p.smaller(1, p.ratio((1 - p.gamma) * (1 / p.sqrt(1 - share) - 1), p.gamma))
    return guarantee(p, p.alpha), "<=", guarantee(p, best)


def covered(p: Symbols) -> Sides:
    """State that pi_new visits only states that pi visits: rho > 0 where rho_new > 0."""
    return p.sum_s(p.rho_new * (1 - p.ratio(p.rho, p.rho))), "<=", 0


def mismatch(p: Symbols) -> Any:
    """Return the mismatch of the visitations, max_s rho_new / rho, where 0 / 0 counts as 0."""
    return p.max_s(p.ratio(p.rho_new, p.rho))


@theorem("K&L Theorem 6.2", f"after {KAKADE}", when=covered)
def gradient_domination(p: Symbols) -> Sides:
    """The gain is at most max_s(rho_new / rho) times sum_s rho max_a A.

    The gain is eta_new - eta.  The papers state the bound for the optimal policy as pi_new; it is
    also Lemma 4 of Agarwal et al. 2021.
    """
    return p.eta_new - p.eta, "<=", mismatch(p) * p.sum_s(p.rho * p.max_a(p.A))


@theorem("K&L Corollary 4.5", f"after {KAKADE}", when=covered)
def gradient_domination_start(p: Symbols) -> Sides:
    """The visitation mismatch max_s(rho_new / rho) is at most max_s(d_new / rho0) / (1 - gamma).

    Here d_new is the normalised visitation of pi_new, and rho0 is the distribution of the first
    state.
    """
    return mismatch(p), "<=", p.max_s(p.ratio(p.d_new, p.rho0)) / (1 - p.gamma)
