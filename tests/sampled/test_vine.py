"""Vines: the real sampler, driven through every combination of its uniforms."""

from itertools import product
from typing import Any

import numpy as np
import pytest

import tabular_trpo as tt
from tabular_trpo._core.errors import ExactnessError, InvalidMDPError, MemoryGuardError
from tabular_trpo._sampled.estimate import estimate_vine, vine_contributions
from tabular_trpo._sampled.moments import vine_moments
from tabular_trpo._sampled.simulator import Simulator
from tabular_trpo._sampled.vine import vine
from tests.sampled.models import (
    ZERO,
    F,
    dyadic,
    exact,
    exactly,
    grown,
    in_floats,
    sink,
    started,
    values,
    visits,
)

CYCLE = np.array([[[0.0, 1.0]] * 2, [[1.0, 0.0]] * 2])  # two states in turn
HALVES = exact([["1/2", "1/2"], ["1/2", "1/2"]])


def centred(pi: Any, Q: Any) -> Any:
    """Q less its average under pi."""
    return Q - (pi * Q).sum(axis=1)[:, None]


@pytest.mark.parametrize("next_rewards", [False, True])
def test_gradient_is_unbiased_for_each_stopping_time(next_rewards: bool) -> None:
    """Stopped at N the root has P(s_N = s), and weighs 1 / (1 - gamma); the sum over N is rho."""
    mdp, pi, _ = dyadic(next_rewards)
    V, Q = values(mdp, pi, 2)
    for N in (0, 1, 2):
        out, p = grown(mdp, pi, 1 + 2 * N + 3, lengths=[[N + 1]], horizon=2)
        L = estimate_vine(out, p)
        at = visits(mdp, pi, N + 1)[N]
        assert exactly(L.G).tolist() == (exact(at)[:, None] * 2 * centred(pi, Q[2])).tolist()
        assert exactly(L.weight).tolist() == [2 * x for x in at]
        terms = [visits(mdp, pi, t + 1)[t] @ exact(values(mdp, pi, 1)[0][1]) for t in range(N + 1)]
        assert F(float(L.eta)) == sum(terms)  # rewards up to the root, and at it
    assert V[2].any()


def test_it_is_rho_times_the_advantage_where_all_ends_in_a_sink() -> None:
    """Stops from the third on are one case; so are those of the branches."""
    mdp, pi, _ = sink()
    L = tt.surrogate(tt.evaluate(mdp, pi))
    chances = {1: F(1, 2), 2: F(1, 4), 3: F(1, 4)}
    for horizon, common in ((2, True), (3, True), (None, True)):
        total, eta = 0 * L.G, F(0)
        for N, k in product(chances, chances if horizon is None else [1]):
            steps = k if horizon is None else horizon
            lengths = [[N]] if horizon else [[N], [k]]
            draws = 1 + 2 * (N - 1) + 1 + 2 * (steps - 1)
            out, p = grown(mdp, pi, draws, lengths=lengths, horizon=horizon, common=common)
            weight = chances[N] * (chances[k] if horizon is None else 1)
            found = estimate_vine(out, p)
            total, eta = total + weight * exactly(found.G), eta + weight * F(float(found.eta))
        assert total.tolist() == L.G.tolist() and total.any() and eta == L.eta


def test_branches_that_do_not_share_stop_independently() -> None:
    """With reward 1 a branch returns its length: one for all of a root, or one for each."""
    mdp = tt.MDP(CYCLE, np.ones((2, 2)), [1.0, 0.0], 0.75)
    n = 20_000
    for roots in (1, 2):
        sim = Simulator(mdp, np.random.default_rng(9))
        out = vine(sim, [[0.5, 0.5]] * 2, n // roots, roots=roots)
        assert np.array_equal(out.Q[:, 0], out.Q[:, 1]) and np.array_equal(out.first, 0 * out.Q + 1)
        separate = vine(sim, [[0.5, 0.5]] * 2, n // roots, roots=roots, common=False)
        assert abs(np.corrcoef(separate.Q.T)[0, 1]) <= 4 / n**0.5
        for grown_ in (out, separate):  # nor do they depend on the place of the root on its path
            assert abs(np.corrcoef(grown_.before, grown_.Q[:, 0])[0, 1]) <= 4 / n**0.5
            assert abs(grown_.Q[:, 0].mean() - 4) <= 4 * (12 / n) ** 0.5
            assert abs(grown_.before.mean() - 3) <= 8 * (12 / n) ** 0.5


@pytest.mark.parametrize("common", [False, True])
@pytest.mark.parametrize("K", [1, 2])
def test_drawn_actions_are_weighed_without_bias(K: int, common: bool) -> None:
    """From pi itself, and from a behaviour that is not pi."""
    mdp = dyadic()[0]
    Q = values(mdp, HALVES, 2)[1][2]
    for behaviour in (None, exact([["1/4", "3/4"], ["1/2", "1/2"]])):
        if K == 2 and not common and behaviour is not None:
            continue  # 4^9 combinations once are enough
        for s in (0, 1):
            draws = 1 + K + (1 if common else K) * 3
            settings = {"branches": K, "common": common, "behaviour": behaviour, "horizon": 2}
            out, p = grown(started(mdp, s), HALVES, draws, **settings)
            L = estimate_vine(out, p)
            reference = np.where(np.arange(2)[:, None] == s, 2 * centred(HALVES, Q), ZERO)
            got = exactly(L.G)
            if behaviour is None or s == 1:
                assert got.tolist() == reference.tolist()
            else:  # 1 / (3/4) is no double
                assert L.G == pytest.approx(reference.astype(float), rel=1e-13, abs=1e-13)
            assert L.allowed is None and not out.every


def test_what_a_behaviour_takes_is_visible() -> None:
    """A deterministic pi says nothing of the other action; a behaviour that covers it does."""
    mdp = dyadic()[0]
    pi = exact([["1", "0"], ["1/2", "1/2"]])
    Q = values(mdp, pi, 1)[1][1]
    narrow, p = grown(started(mdp, 0), pi, 3, branches=1, horizon=1)
    L = estimate_vine(narrow, p)
    assert L.allowed is not None and L.allowed.tolist() == [[True, False], [True, True]]
    assert not L.G.any()
    wide, _ = grown(started(mdp, 0), pi, 3, branches=1, horizon=1, behaviour=HALVES)
    L = estimate_vine(wide, p)
    assert L.allowed is None
    assert exactly(L.G).tolist() == [[0, 2 * (Q[0, 1] - Q[0, 0])], [0, 0]] and L.G.any()


def test_several_roots_of_a_path_are_averaged() -> None:
    """Roots at steps 0 and 1 of each path: the mean of what either gives alone."""
    mdp, pi, _ = dyadic()
    Q = values(mdp, pi, 1)[1][1]
    n = 4**5
    lengths = [[2] * n + [1] * n]
    orders = [np.tile([1, 0], n)]
    out, p = grown(mdp, pi, 5, roots=2, lengths=lengths, orders=orders, horizon=1)
    at = visits(mdp, pi, 2)
    L = estimate_vine(out, p)
    share = exact([at[0][s] + at[1][s] for s in (0, 1)])
    assert exactly(L.G).tolist() == (share[:, None] * centred(pi, Q)).tolist()
    assert exactly(L.weight).tolist() == share.tolist()
    assert out.path.tolist() == np.repeat(np.arange(n), 2).tolist()
    # A unit is a path, so that its two roots are not taken for independent.
    assert len(vine_contributions(out, p).returns) == n
    mean = values(mdp, pi, 1)[0][1]
    assert F(float(L.eta)) == at[0] @ mean + at[1] @ mean / 2


def test_truncation_leaves_out_no_more_than_gamma_to_the_horizon() -> None:
    for next_rewards in (False, True):
        mdp, pi, _ = dyadic(next_rewards)
        e = tt.evaluate(mdp, pi)
        for T in (1, 2, 5):
            off = max(abs(x) for x in (values(mdp, pi, T)[1][T] - e.Q).ravel())
            assert 0 < off <= mdp.gamma**T * max(abs(x) for x in e.V)
            got = vine_moments(mdp, pi, HALVES, T).mean
            reference = (e.rho[:, None] * values(mdp, pi, T)[1][T] * (HALVES - pi)).sum()
            assert got == reference != tt.surrogate(e).gain(HALVES)


def test_truncation_leaves_out_just_that_of_a_constant_reward() -> None:
    """V = 8 of r = 1 at gamma 7/8; a branch of T steps returns 8 - 8 gamma^T."""
    mdp = tt.MDP(CYCLE, np.ones((2, 2)), [1.0, 0.0], 0.875)
    for T in (1, 4):
        out = vine(Simulator(mdp, np.random.default_rng(0)), [[0.5, 0.5]] * 2, 3, horizon=T)
        assert out.Q.tolist() == [[8 - 8 * 0.875**T] * 2] * 3


def test_states_with_fewer_actions_leave_places_empty() -> None:
    mdp, pi, _ = in_floats(*sink())
    for common in (True, False):
        for horizon in (3, None):
            sim = Simulator(mdp, np.random.default_rng(6))
            out = vine(sim, pi, 400, horizon=horizon, common=common)
            assert np.array_equal(out.used, mdp.mask[out.states])
            assert {0, 1, 2} == set(out.states.tolist())
            assert not out.Q[~out.used].any() and not out.first[~out.used].any()
            assert np.all(mdp.mask[out.states[:, None], out.actions])
            assert np.array_equal(out.actions[:, 0], 0 * out.states)
            played = out.used & (out.states != 2)[:, None]  # no branch is played from the sink
            assert np.array_equal(
                out.first[played], mdp.r[out.states[:, None], out.actions][played]
            )
            assert out.steps == sim.steps
            L = estimate_vine(out, pi)
            assert L.allowed is not None and np.array_equal(L.allowed, mdp.mask)
            assert not L.G[2].any() and L.G[:2].all()
            if horizon == 3:
                # The sink is reached in two steps at most: from a root in 0 by branches of two.
                roots = sim.steps - int((played * (2 - (out.states == 1))[:, None]).sum())
                assert -400 < roots < 400 * 2


def test_common_numbers_make_equal_branches_equal() -> None:
    """Two actions with the same row and reward: no difference is left, in any stop."""
    P = np.array([[[0.25, 0.75]] * 2, [[0.5, 0.5]] * 2])
    mdp = tt.MDP(P, [[1.0, 1.0], [-2.0, -2.0]], [0.5, 0.5], 0.75)
    pi = [[0.5, 0.5], [0.25, 0.75]]
    for horizon in (4, None):
        for roots in (1, 3):
            sim = Simulator(mdp, np.random.default_rng(1))
            out = vine(sim, pi, 100, roots=roots, horizon=horizon)
            assert np.array_equal(out.Q[:, 0], out.Q[:, 1]) and len(set(out.Q[:, 0].tolist())) > 5
            assert not estimate_vine(out, pi).G.any()
            separate = vine(sim, pi, 100, roots=roots, horizon=horizon, common=False)
            assert not np.array_equal(separate.Q[:, 0], separate.Q[:, 1])
            drawn = vine(sim, pi, 100, 3, roots=roots, horizon=horizon)
            assert np.all(drawn.Q == drawn.Q[:, :1])


def test_without_discount_all_roots_are_starts() -> None:
    mdp, pi = in_floats(*dyadic(gamma=F(0)))[:2]
    for horizon in (None, 3):
        out = vine(Simulator(mdp, np.random.default_rng(0)), pi, 50, roots=2, horizon=horizon)
        assert not out.before.any() and np.array_equal(out.Q, out.first)
        assert np.array_equal(out.Q, mdp.r[out.states])
        assert out.states[::2].tolist() == out.states[1::2].tolist()


def test_bad_input() -> None:
    mdp, pi = in_floats(*dyadic())[:2]
    sim = Simulator(mdp, np.random.default_rng(0))
    for wrong in (0, -1, 1.5, True):
        for name in ("paths", "branches", "roots", "horizon"):
            with pytest.raises(InvalidMDPError, match=f"{name} = {wrong}, expected a whole number"):
                vine(sim, pi, **{"paths": 3, name: wrong})  # type: ignore[arg-type]
    bad: list[tuple[str, Any, dict[str, Any]]] = [
        (r"behaviour is given, and every action is tried.*branches=K", pi, {"behaviour": pi}),
        (
            r"(?s)behaviour\[s=0, a=1\] = 0, where pi has 0.75.*a share.*1 more", pi,
            {"behaviour": [[1.0, 0.0]] * 2, "branches": 2},
        ),
        (r"behaviour\[s=0\] sums to", pi, {"behaviour": 2 * pi, "branches": 2}),
        (r"behaviour has shape \(1, 2\)", pi, {"behaviour": pi[:1], "branches": 2}),
        (r"pi has shape \(2, 2, 2\)", np.array([pi] * 2), {}),
        (r"pi\[s=0, a=0\] = nan", pi * np.nan, {}),
        (r"pi\[s=0\] sums to", pi * 2, {}),
    ]  # fmt: skip
    for message, policy, settings in bad:
        with pytest.raises(InvalidMDPError, match=message):
            vine(sim, policy, 2, **settings)
    for name in ("paths", "branches", "roots"):
        with pytest.raises(MemoryGuardError, match=r"branches = .* needs .*Take fewer paths"):
            vine(sim, pi, **{"paths": 3, name: 10**13})  # type: ignore[arg-type]
    with pytest.raises(ExactnessError, match="pi is in rational arithmetic"):
        vine(sim, dyadic()[1], 2)
    out = vine(sim, pi, 5, 2)
    for message, policy in (
        (r"pi has shape \(3, 2\), expected \(S, A\) = \(2, 2\)", np.full((3, 2), 0.5)),
        (r"pi has shape \(2,\)", pi[0]),
        (r"pi\[s=1, a=1\] = nan", np.where(pi == 0.5, np.nan, pi)),
    ):
        with pytest.raises(InvalidMDPError, match=message):
            estimate_vine(out, policy)
