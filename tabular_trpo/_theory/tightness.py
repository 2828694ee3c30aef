"""The largest known gap / penalty of each bound, and the pairs of policies that attain it."""

from fractions import Fraction
from typing import final

from tabular_trpo._core.records import locked_dataclass
from tabular_trpo._theory import fixtures
from tabular_trpo._theory.fixtures import Fixture


@final
@locked_dataclass(frozen=True, eq=False)
class Tight:
    """The pair of policies with the largest gap / penalty known for a bound, found by hand.

    See `Verdict.tightness` for gap and penalty.

    fixture: function without arguments that returns the pair
    ratio:   gap / penalty of the pair: exact, or cut after four digits where it has logarithms
    words:   the family of the pair, and the limit of the ratio in that family
    """

    fixture: Fixture
    ratio: Fraction
    words: str

    @property
    def attained(self) -> bool:
        """Whether the ratio is 1, so that the bound holds with equality."""
        return self.ratio == 1


_TIGHT, _SMALL, _TWO = fixtures.TIGHT, fixtures.TIGHT_SMALL, fixtures.two_region("1/200")
_SMALL_STEP = Fraction(1000, 1001)  # (1 - gamma) / (1 - gamma (1 - a)) at a = 1/1000, gamma = 1/2


def _attained(fixture: Fixture, words: str) -> Tight:
    return Tight(fixture, Fraction(1), f"attained: {words}")


def _limit(fixture: Fixture, ratio: Fraction, words: str) -> Tight:
    return Tight(fixture, ratio, f"tends to 1: {words}")


_THM1 = "tight_thm1"
_TO_ZERO = "tight_thm1, a -> 0"
_NEGATED = "tight_thm1 with rewards negated, a -> 0"
_GAMMA = "two_region, gamma and a -> 0"
_FORK = "fork, b / a and a -> 0"
_CROSSING = "two states, to each of which one action leads from both"
_HALF = "two_region tends to 1/2; C/2 is enough"

TIGHTNESS: dict[str, Tight] = {
    "pinsker": _limit(_TWO, Fraction(9999, 10000), "two_region, a -> 0"),
    "hoeffding_kl": _limit(
        fixtures.arm("1", "1/2", "501/1000"), Fraction(9980, 10000), "one state, 1/2 -> 1/2 + a"
    ),
    "renyi_kl": _attained(fixtures.arm("1", "1", "1/2"), "a certain row and any other"),
    "chi_square_kl": _limit(
        fixtures.arm("1", "1", "999/1000"), Fraction(9994, 10000), "a certain row, a -> 0"
    ),
    "trpo_bound": _limit(_SMALL, _SMALL_STEP, _TO_ZERO),
    "trpo_bound_upper": _limit(fixtures.mirrored, _SMALL_STEP, _NEGATED),
    "trpo_kl_bound": Tight(_TWO, Fraction(4974, 10000), _HALF),
    "trpo_kl_bound_half": _limit(_TWO, Fraction(9949, 10000), _GAMMA),
    "advantage_lemma": _attained(_TIGHT, _THM1),
    "mean_advantage_lemma": _attained(_TIGHT, _THM1),
    "drift_lemma_1": _attained(_TIGHT, _THM1),
    "drift_lemma_2": _attained(_TIGHT, _THM1),
    "drift_lemma_3": _attained(_TIGHT, _THM1),
    "advantage_lemma_eps": _attained(_TIGHT, _THM1),
    "coupling_lemma": _attained(_TIGHT, _THM1),
    "coupling_span": _attained(_TIGHT, _THM1),
    "coupling_eps_cpi": _attained(_TIGHT, _THM1),
    "coupling_capped": _attained(_TIGHT, _THM1),
    "coupling_rows": _attained(_TIGHT, _THM1),
    "coupling_bound": _attained(_TIGHT, _THM1),
    "coupling_to_theorem": _limit(_SMALL, _SMALL_STEP, "a -> 0"),
    "visitation_coupling": _attained(_TIGHT, _THM1),
    "cpi_bound": _limit(fixtures.cpi("1/2", "1/1000"), _SMALL_STEP, "tight_cpi, alpha -> 0"),
    "cpi_coupling": _attained(fixtures.CPI, "tight_cpi"),
    "gradient_domination_start": _attained(fixtures.back_and_forth, "two states, left and kept to"),
    "spi_bound": _limit(_SMALL, _SMALL_STEP, _TO_ZERO),
    "spi_bound_q": _limit(_SMALL, _SMALL_STEP, _TO_ZERO),
    "cpo_bound": _limit(_SMALL, _SMALL_STEP, _TO_ZERO),
    "cpo_bound_upper": _limit(fixtures.mirrored, _SMALL_STEP, _NEGATED),
    "cpo_general_zero": _limit(_SMALL, _SMALL_STEP, _TO_ZERO),
    "cpo_general_half": _limit(_SMALL, _SMALL_STEP, _TO_ZERO),
    "cpo_kl_reversed": _limit(_TWO, Fraction(9949, 10000), _GAMMA),
    "cpo_kl": _limit(_TWO, Fraction(9949, 10000), _GAMMA),
    "cpo_visitation": _limit(_SMALL, _SMALL_STEP, _TO_ZERO),
    "cpo_visitation_new": _limit(_SMALL, _SMALL_STEP, _TO_ZERO),
    "cpo_centred": _limit(_SMALL, _SMALL_STEP, _TO_ZERO),
    "residual_span": _attained(_TIGHT, _THM1),
    "residual_visitation": _attained(_TIGHT, _THM1),
    "visitation_kl": _limit(_SMALL, Fraction(9985, 10000), _TO_ZERO),
    "visitation_mean_kl": _limit(fixtures.fork, Fraction(9994, 10000), _FORK),
    "mean_kl_root": _limit(fixtures.fork, Fraction(9994, 10000), _FORK),
    "mean_kl_worst_case": _limit(fixtures.fork, Fraction(9994, 10000), _FORK),
    "path_kl": _attained(
        fixtures.sunk,
        "policies that differ from the first step on, so that each step counts in full",
    ),
    "path_kl_linear": _limit(_TWO, Fraction(9979, 10000), _GAMMA),
    "hellinger_kl": _limit(_SMALL, Fraction(9997, 10000), _TO_ZERO),
    "trpo_kl_reversed": Tight(_TWO, Fraction(4974, 10000), _HALF),
    "compatible_fit": _attained(fixtures.standing, "pi_new = pi"),
    "policy_iteration_contraction": _attained(fixtures.one_step, "one greedy step from optimal"),
    "optimality_gap": _attained(_TIGHT, _THM1),
    "simulation_lemma": _attained(_TIGHT, _THM1),
    "approximate_advantage": _attained(_TIGHT, _THM1),
    "horizon_bound": _attained(_TIGHT, _THM1),
    "horizon_bound_square": _limit(_SMALL, Fraction(2999, 3000), "a -> 0"),
    "average_visitation": _attained(fixtures.crossing, _CROSSING),
    "average_visitation_new": _attained(fixtures.crossing, _CROSSING),
    "average_bound": _attained(fixtures.crossing, _CROSSING),
    "average_return": _attained(fixtures.passing, "a first state that is left permanently"),
    "average_centred": _attained(fixtures.crossing, _CROSSING),
}
