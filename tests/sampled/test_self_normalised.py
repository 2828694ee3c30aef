"""The self-normalised surrogate (16): what it is on average, and that steps take it."""

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest

import tabular_trpo as tt
from tabular_trpo._core.errors import ExactnessError, InvalidMDPError, LimitError
from tabular_trpo._improve.natural import natural, vanilla
from tabular_trpo._sampled.estimate import estimate_vine
from tabular_trpo._sampled.self_normalised import SelfNormalised, self_normalised
from tabular_trpo._sampled.simulator import Simulator
from tabular_trpo._sampled.vine import Vine, vine
from tests.improve.parametric import slope
from tests.sampled.models import F, dyadic, exact, in_floats

PI = exact([["1/2", "1/3", "1/6"]])
RETURNS = exact([3, -1, F(1, 2)])
GAMMA = F(2, 3)  # 1 / (1 - gamma) = 3


def tried(actions: Any, pi: Any = PI, Q: Any = RETURNS) -> Vine:
    """Roots all in state 0, one a path; action a returns Q[a]."""
    table = np.array(actions)
    R = len(table)
    return Vine(
        states=np.zeros(R, dtype=int),
        path=np.arange(R),
        before=exact(["0"] * R),
        actions=table,
        behaviour=pi[0][table],
        used=np.ones(table.shape, dtype=bool),
        first=Q[table],
        Q=Q[table],
        gamma=GAMMA,
        steps=0,
        every=False,
        visible=pi > 0,
    )


def expected(K: int, f: Any, roots: int = 1) -> Any:
    """E f(L) over all K-tuples of actions drawn from PI, for each root."""
    total: Any = F(0)
    for flat in product(range(3), repeat=K * roots):
        chance = F(1)
        for a in flat:
            chance *= PI[0, a]
        total = total + chance * f(self_normalised(tried(np.reshape(flat, (roots, K))), PI))
    return total


@pytest.mark.parametrize("K", [1, 2, 3, 4])
def test_gradient_at_pi_lacks_one_part_in_k(K: int) -> None:
    V = PI[0] @ RETURNS
    true = 3 * (RETURNS - V)
    got = expected(K, lambda L: L.G)
    assert got.tolist() == [(F(K - 1, K) * true).tolist()]
    assert expected(K, lambda L: L.gain(PI)) == 0
    assert expected(K, lambda L: L.value(PI)) == expected(K, lambda L: L.eta) == V


def test_more_roots_do_not_mend_it() -> None:
    V = PI[0] @ RETURNS
    got = expected(2, lambda L: L.G, roots=2)
    assert got.tolist() == [(F(1, 2) * 3 * (RETURNS - V)).tolist()]


def test_one_branch_says_nothing() -> None:
    new = exact([["1/7", "2/7", "4/7"]])
    for a in range(3):
        L = self_normalised(tried([[a]]), PI)
        assert not L.G.any() and not L.gradient(new).any() and L.gain(new) == 0
        assert L.value(new) == L.eta


def test_worked_example() -> None:
    """Actions 0, 1: u = 2 p0, 3 p1, so that L = 3 (6 p0 - 3 p1) / (2 p0 + 3 p1), at pi 3 x 1."""
    L = self_normalised(tried([[0, 1]]), PI)
    new = exact([["1/2", "1/2", "0"]])
    assert L.gain(new) == 3 * (F(3, 5) - 1)
    # d/dp0 (6 p0 - 3 p1) / (2 p0 + 3 p1) = (6 - 2 x 3/5) / (5/2) = 48/25
    assert L.gradient(new).tolist() == [[3 * F(48, 25), 3 * F(-48, 25), 0]]
    assert L.weight.tolist() == [3] and L.scale == 3 and L.stderr is None


def test_away_from_pi_it_is_biased() -> None:
    new = exact([["0", "1/3", "2/3"]])

    def gain(L: SelfNormalised) -> Any:
        try:
            return L.gain(new)
        except LimitError:
            return None

    true = 3 * ((new - PI)[0] @ RETURNS)
    near = tt.policies.mixture(PI, new, F(1, 2))
    for K in (2, 3):
        assert expected(K, lambda L: L.gain(near)) != true / 2
    assert any(gain(self_normalised(tried([[0, a]]), PI)) is None for a in range(3))
    # The linear estimate of the same vines is not.
    linear = sum(
        PI[0, a] * PI[0, b] * estimate_vine(tried([[a, b]]), PI).gain(near)
        for a, b in product(range(3), repeat=2)
    )
    assert linear == true / 2


def test_a_shift_of_all_returns_changes_nothing() -> None:
    new = exact([["1/7", "2/7", "4/7"]])
    for actions in ([[0, 1, 1], [2, 0, 1]], [[2, 2, 2], [0, 1, 2]]):
        one, other = (
            self_normalised(tried(actions, Q=Q), PI) for Q in (RETURNS, RETURNS + F(1000))
        )
        assert one.gain(new) == other.gain(new)
        assert one.gradient(new).tolist() == other.gradient(new).tolist()
        assert one.gradient(new).any()
        linear = [estimate_vine(tried(actions, Q=Q), PI).G for Q in (RETURNS, RETURNS + F(1000))]
        assert linear[0].tolist() != linear[1].tolist()


def test_gradient_is_that_of_the_gain() -> None:
    """By central differences; the entries of pi_new are free."""
    mdp, pi, new = in_floats(*dyadic())
    sim = Simulator(mdp, np.random.default_rng(3))
    for K in (2, 5):
        for behaviour in (None, np.array([[0.5, 0.5], [0.25, 0.75]])):
            L = self_normalised(vine(sim, pi, 60, K, horizon=3, behaviour=behaviour), pi)
            for at in (pi, tt.policies.mixture(pi, new, 0.5), 0.3 * pi + 0.01):
                got = L.gradient(at)
                assert got == pytest.approx(slope(L.gain, at, 1e-4), rel=1e-8, abs=1e-8)
                assert (got * at).sum(axis=1) == pytest.approx(0, abs=1e-12)  # of degree 0
            assert L.G == pytest.approx(L.gradient(pi)) and L.G.any()


def test_steps_take_it() -> None:
    mdp, pi, _ = in_floats(*dyadic())
    theta = np.log(pi)
    sim = Simulator(mdp, np.random.default_rng(4))
    L = self_normalised(vine(sim, pi, 500, 8), pi)
    for step in (natural(L, theta, 0.01), vanilla(L, theta, 0.01)):
        assert step.status == "moved" and step.gain > 0
        assert step.gain == pytest.approx(L.gain(step.pi_new), rel=1e-12)
    assert natural(L, theta, 0.01).mean_kl <= 0.01
    # It steps the same way as the linear one, (K - 1)/K as far in its own gain.
    linear = estimate_vine(vine(sim, pi, 500, 8), pi)
    assert np.vdot(natural(linear, theta, 0.01).pi_new - pi, L.G) > 0
    alone = self_normalised(vine(sim, pi, 50, 1), pi)
    assert natural(alone, theta, 0.01).status == "optimal"


def test_where_pi_new_has_no_mass_is_said() -> None:
    L = self_normalised(tried([[0, 1], [2, 2], [2, 2]]), PI)
    nowhere = exact([["1/2", "1/2", "0"]])
    for f in (L.gain, L.value, L.gradient):
        with pytest.raises(LimitError, match=r"(?s)pi_new has no mass .* at root 1.*1 more"):
            f(nowhere)
    # A behaviour that takes what pi does not: there the old policy has no mass.
    narrow = exact([["1/2", "1/2", "0"]])
    seen = replace(tried([[0, 1], [2, 2]]), visible=np.array([[True, True, True]]))
    L = self_normalised(seen, narrow)
    with pytest.raises(LimitError, match=r"pi has no mass on the actions tried at root 1"):
        L.gain(PI)
    assert L.gradient(PI).any()


def test_bad_input() -> None:
    mdp, pi, _ = in_floats(*dyadic())
    sim = Simulator(mdp, np.random.default_rng(0))
    with pytest.raises(
        InvalidMDPError, match=r"vine tried every action.*estimate_vine.*branches=K"
    ):
        self_normalised(vine(sim, pi, 5), pi)
    out = vine(sim, pi, 5, 2)
    bad: list[tuple[str, Any]] = [
        (r"pi has shape \(1, 2\), expected \(S, A\)", pi[:1]),
        (r"pi has shape \(3, 2\), expected \(S, A\) = \(2, 2\)", np.full((3, 2), 0.5)),
        (r"pi\[s=0, a=0\] = nan", pi * np.nan),
        (r"pi\[s=0\] sums to 2", pi * [[2], [1]]),
    ]
    for message, policy in bad:
        with pytest.raises(InvalidMDPError, match=message):
            self_normalised(out, policy)
    with pytest.raises(ExactnessError, match="pi is in rational arithmetic"):
        self_normalised(out, dyadic()[1])
    never = replace(out, behaviour=np.zeros((5, 2)))
    for made in (self_normalised, estimate_vine):
        with pytest.raises(InvalidMDPError, match=r"behaviour\[0\] = 0.0, expected a probability"):
            made(never, pi)
