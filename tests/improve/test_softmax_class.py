"""Softmax policies: derivatives against differences and enumeration, limits, invalid input."""

from itertools import product as tuples

import numpy as np
import pytest

import tabular_trpo as tt
from tabular_trpo._core.errors import ExactnessError, InvalidMDPError, LimitError
from tabular_trpo._improve.softmax_class import SoftmaxClass, aliased
from tests.improve.parametric import KINDS, Softmax, dense, slope, softmax_case, softmax_cases


def mean_kl(case: Softmax, theta) -> float:
    """Return the mean KL by its definition, without the KL and softmax of the package."""
    logits = case.policy_class.logits(theta)
    with np.errstate(divide="ignore"):
        log_new = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        log_old = np.log(case.L.pi)
    ratio = np.where(case.L.pi > 0, log_old - np.where(case.L.pi > 0, log_new, 0), 0)
    return case.L.weight @ (case.L.pi * ratio).sum(axis=1) / case.L.weight.sum()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(4))
def test_fisher_product_is_the_hessian_of_the_mean_kl(kind: str, seed: int) -> None:
    """Second differences, to 1e-6 of the largest entry."""
    case = softmax_case(kind, seed)
    H = dense(
        lambda v: case.policy_class.fisher_product(case.L.weight, case.theta, v), case.theta.shape
    )
    h = 3e-3
    flat = case.theta.ravel()

    def f(x):
        return mean_kl(case, x.reshape(case.theta.shape))

    other = np.array(
        [
            (
                8 * (slope(f, flat + h * e, h) - slope(f, flat - h * e, h))
                - (slope(f, flat + 2 * h * e, h) - slope(f, flat - 2 * h * e, h))
            )
            / (12 * h)
            for e in np.eye(len(flat))
        ]
    )
    assert np.abs(H - other).max() <= 1e-6 * np.abs(H).max()
    assert np.abs(H - H.T).max() <= 1e-15 and np.linalg.eigvalsh(H).min() >= -1e-15


def test_gradient_is_that_of_L_and_of_the_return():
    """Differences of L; at theta of the old policy also those of eta, by equation (4)."""
    for case in softmax_cases(3):
        other = case.theta + 0.3
        assert case.policy_class.gradient(case.L, other) == pytest.approx(
            slope(lambda t: case.L.value(case.policy_class.policy(t)), other, 1e-3),  # noqa: B023
            abs=1e-8 * (1 + np.abs(case.L.G).sum()),
        )
        eta = slope(
            lambda t: float(tt.evaluate(case.mdp, case.policy_class.policy(t)).eta),  # noqa: B023
            case.theta,
            1e-3,
        )
        scale = 1e-7 * np.abs(case.L.G).sum()
        assert case.policy_class.gradient(case.L, case.theta) == pytest.approx(eta, abs=scale)


def test_gradient_of_the_table_is_rho_pi_A():
    """The policy gradient theorem (Sutton et al. 2000)."""
    for kind in ("table", "masked", "unvisited"):
        case = softmax_case(kind, 7)
        ev = tt.evaluate(case.mdp, case.L.pi)
        assert case.policy_class.gradient(case.L, case.theta) == pytest.approx(
            ev.rho[:, None] * ev.pi * ev.A, abs=1e-12
        )


@pytest.mark.parametrize("kind", ["table", "features", "masked"])
def test_empirical_product_has_the_analytic_expectation(kind: str) -> None:
    """The mean over all samples of two pairs; single samples differ from it."""
    case = softmax_case(kind, 1)
    v = np.random.default_rng(0).standard_normal(case.theta.shape)
    d = case.L.weight / case.L.weight.sum()
    chance = d[:, None] * case.L.pi
    pairs = np.argwhere(chance > 0)
    total = np.zeros(case.theta.shape)
    analytic = case.policy_class.fisher_product(case.L.weight, case.theta, v)
    nearest = np.inf
    for one, two in tuples(pairs, pairs):
        states, actions = np.array([one, two]).T
        got = case.policy_class.empirical_fisher_product(case.theta, v, states, actions)
        nearest = min(nearest, np.abs(got - analytic).max())
        total += chance[tuple(one)] * chance[tuple(two)] * got
    assert np.abs(total - analytic).max() <= 1e-14 and nearest > 1e-3
    states, actions = pairs.T
    weighted = case.policy_class.empirical_fisher_product(
        case.theta, v, states, actions, 7 * chance[states, actions]
    )
    assert np.abs(weighted - analytic).max() <= 1e-14


def test_empirical_product_is_the_outer_product_of_scores():
    case = softmax_case("features", 3)
    assert case.policy_class.features is not None
    states, actions = np.array([0, 2, 2, 1]), np.array([1, 0, 0, 2])
    mean = np.einsum("sa,sak->sk", case.L.pi, case.policy_class.features)
    scores = case.policy_class.features[states, actions] - mean[states]
    v = np.arange(5.0)
    got = case.policy_class.empirical_fisher_product(case.theta, v, states, actions)
    assert got == pytest.approx(scores.T @ (scores @ v) / 4, rel=1e-12)


def test_aliased_states_share_a_row():
    policy_class = aliased([3, -1, 3], 2)
    theta = np.array([0.0, 1.0, 0.0, 2.0])  # the group -1, then the group 3
    pi = policy_class.policy(theta)
    assert pi[0].tolist() == pi[2].tolist()
    assert pi[:, 1] == pytest.approx(1 / (1 + np.exp([-2.0, -1.0, -2.0])))
    assert policy_class.rank == 2 and not policy_class.separates


def test_rank_is_the_dimension_of_the_set_of_policies():
    rng = np.random.default_rng(0)
    mask = np.array([[True, True, False], [True, False, False]])
    assert SoftmaxClass((4, 3)).rank == 8 and SoftmaxClass((4, 3)).separates
    assert SoftmaxClass((2, 3), None, mask).rank == 1
    wide = rng.standard_normal((4, 3, 20))
    assert SoftmaxClass((4, 3), wide).separates
    narrow = SoftmaxClass((4, 3), wide[..., :5])
    assert narrow.rank == 5 and not narrow.separates
    twice = np.concatenate([wide[..., :5], 1e-9 * wide[..., :5]], axis=2)
    assert SoftmaxClass((4, 3), twice).rank == 5
    per_state = wide[..., :5] + rng.standard_normal((4, 1, 5))  # cancels in the softmax
    assert SoftmaxClass((4, 3), per_state).rank == 5
    hidden = SoftmaxClass((2, 3), rng.standard_normal((2, 3, 4)), mask)
    assert hidden.rank == 1 and hidden.separates


def test_saturated_policies_have_no_nan():
    """Where the softmax is a point mass in doubles, all derivatives are 0, not NaN."""
    policy_class = SoftmaxClass((2, 3))
    theta = np.array([[800.0, 0.0, -800.0], [1e300, -1e300, 0.0]])
    mdp = tt.MDP(np.full((2, 3, 2), 0.5), np.eye(2, 3), [1, 0], 0.9)
    L = tt.surrogate(tt.evaluate(mdp, policy_class.policy(theta)))
    assert policy_class.policy(theta).tolist() == [[1, 0, 0], [1, 0, 0]]
    for table in (
        policy_class.gradient(L, theta),
        policy_class.fisher_product(L.weight, theta, np.ones((2, 3)) * [[1.0, 2.0, 3.0]]),
    ):
        assert table.tolist() == np.zeros((2, 3)).tolist()


NAN = float("nan")
FEATURES = np.arange(12.0).reshape(2, 2, 3)
BAD = np.where(FEATURES == 7, NAN, FEATURES)
ONE, TWO, FOUR = SoftmaxClass((1, 2)), SoftmaxClass((2, 2)), np.zeros(4)
ONLY = SoftmaxClass((1, 2), None, np.array([[True, False]]))
HIDDEN = np.array([[[1.0], [1.0], [5.0]]])  # the features of allowed actions are equal
EMPTY = np.array([[True, True], [False, False]])


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: SoftmaxClass((2, 2), FEATURES[0]), r"features has shape \(2, 3\), expected \(S,"),
        (lambda: SoftmaxClass((3, 2), FEATURES), r"features has shape \(2, 2, 3\)"),
        (lambda: SoftmaxClass((2, 2), BAD), r"features\[s=1, a=0, k=1\] = nan"),
        (lambda: SoftmaxClass((2, 2), FEATURES[:, :1].repeat(2, 1)), "feature of the state alone"),
        (lambda: SoftmaxClass((2, 2), np.ones((2, 2, 3))), "features are equal for all actions"),
        (
            lambda: SoftmaxClass((1, 3), HIDDEN, np.array([[True, True, False]])),
            "are equal for all",
        ),
        (lambda: SoftmaxClass((2, 2), None, EMPTY), r"allowed\[s=1\] has no action"),
        (lambda: SoftmaxClass((2, 2), None, np.ones((2, 2))), "allowed is float64"),
        (lambda: SoftmaxClass((2, 0)), "shape.1. = 0, expected a whole number"),
        (lambda: TWO.policy(np.zeros(3)), r"theta has shape \(3,\), expected \(2, 2\)"),
        (lambda: TWO.policy([[0, np.inf], [0, 0]]), r"theta.* = inf, expected a finite"),
        (lambda: TWO.policy([[0, NAN], [0, 0]]), r"theta.* = nan"),
        (lambda: TWO.fisher_product([1, -1], FOUR, FOUR), r"weight\[1\] = -1.0"),
        (lambda: TWO.fisher_product([1, NAN], FOUR, FOUR), r"weight\[1\] = nan"),
        (lambda: TWO.fisher_product([1], FOUR, FOUR), "weight has shape"),
        (lambda: ONE.empirical_fisher_product([[0, 1]], [1, 1], [0], [2]), "= 2, expected 0 to 1"),
        (lambda: ONE.empirical_fisher_product([[0, 1]], [1, 1], [], []), "N at least 1"),
        (lambda: ONE.empirical_fisher_product([[0, 1]], [1, 1], [0, 0], [1]), "like states"),
        (lambda: ONLY.empirical_fisher_product([[0, 1]], [1, 1], [0], [1]), "probability 0 in st"),
        (lambda: aliased([0.5, 1.0], 2), "integers"),
    ],
)
def test_bad_input(call, text: str) -> None:
    with pytest.raises(InvalidMDPError, match=text):
        call()


def test_equal_features_are_valid_for_one_action():
    assert SoftmaxClass((2, 1), np.zeros((2, 1, 3))).rank == 0
    assert SoftmaxClass((1, 2), np.zeros((1, 2, 1)), ONLY.allowed).policy([1.0])[0, 0] == 1


def test_arithmetics_and_overflow():
    mdp = tt.MDP([[["1"], ["1"]]], [["0", "1"]], ["1"], "1/2")
    L = tt.surrogate(tt.evaluate(mdp, [["1/2", "1/2"]]))
    with pytest.raises(ExactnessError, match=r"surrogate is rational.*to_float"):
        SoftmaxClass((1, 2)).gradient(L, [[0, 0]])
    with pytest.raises(ExactnessError):
        SoftmaxClass((1, 2)).policy([["1/3", "0"]])
    with pytest.raises(LimitError, match="logits overflow"):
        SoftmaxClass((1, 2), np.array([[[1e200], [0.0]]])).policy([1e200])
    with pytest.raises(InvalidMDPError, match="surrogate has shape"):
        SoftmaxClass((3, 2)).gradient(softmax_case("table", 0).L, np.zeros((3, 2)))
