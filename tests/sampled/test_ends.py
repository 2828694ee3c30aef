"""Paths end in absorbing states: no step is spent there, and the tail makes up for it exactly."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import tabular_trpo as tt
from tabular_trpo._sampled.enumeration import expectation
from tabular_trpo._sampled.estimate import estimate
from tabular_trpo._sampled.moments import path_moments, return_moments, vine_moments
from tabular_trpo._sampled.rollouts import Rollouts, single_path
from tabular_trpo._sampled.simulator import Simulator
from tests.sampled.models import F, exact, in_floats, pairs_with_support, stopped, visits


def ending(seed: int, n: int) -> Iterator[tuple[tt.MDP, Any, Any]]:
    """Drawn rational triples whose last state is absorbing with a reward other than 0."""
    for i, (mdp, pi, pi_new) in enumerate(pairs_with_support(seed, n, max_states=3)):
        if mdp.n_states == 1:
            continue
        P, r = mdp.P.copy(), mdp.r.copy()
        allowed = mdp.mask[-1].astype(int).astype(object)
        P[-1] = allowed[:, None] * exact([[0] * (len(P) - 1) + [1]])
        r[-1] = allowed * F(i % 5 - 7, 3)
        yield tt.MDP(P, r, mdp.rho0, mdp.gamma, mdp.allowed), pi, pi_new


def test_means_are_exact_without_a_step_in_the_end() -> None:
    count = 0
    for mdp, pi, pi_new in ending(71, 25):
        e = tt.evaluate(mdp, pi)
        gain = tt.surrogate(e).gain(pi_new)
        assert return_moments(mdp, pi).mean == e.eta
        assert path_moments(mdp, pi, pi_new).mean == gain
        assert vine_moments(mdp, pi, pi_new, common=False).mean == gain
        assert vine_moments(mdp, pi, pi_new).mean == gain
        # With a horizon T only the paths that run at T miss something.
        T = 3
        running = visits(mdp, pi, T + 1)[T]
        missed = mdp.gamma**T * sum(p * v for p, v in zip(running, e.V, strict=True))
        assert return_moments(mdp, pi, T).mean == e.eta - missed
        assert return_moments(mdp, pi).steps <= 1 / (1 - mdp.gamma)
        count += 1
    assert count >= 12


@pytest.mark.parametrize("lam", [F(0), F(1, 3), F(1)])
def test_advantages_with_the_true_values_are_unbiased(lam: Any) -> None:
    """With the V of pi any lambda is unbiased; V of the absorbing state is not used."""
    seen = 0
    for mdp, pi, pi_new in ending(72, 14):
        e = tt.evaluate(mdp, pi)
        b = e.V.copy()
        b[-1] = F(99)
        at = visits(mdp, pi, 2)
        d = exact([sum(mdp.gamma**t * at[t][s] for t in range(2)) for s in range(len(pi))])
        reference = ((d[:, None] * e.A) * (pi_new - pi)).sum()

        def gain(path: Rollouts, pi: Any = pi, new: Any = pi_new, b: Any = b) -> Any:
            return estimate(path, pi, baseline=b, lam=lam).gain(new)

        assert expectation(mdp, pi, 2, gain) == reference
        seen += reference != 0
    assert seen >= 3


def test_a_stopped_path_has_no_tail() -> None:
    """Credited with the tail where it stops on entering, a path would earn too much."""
    P = exact([[[0, 1]], [[0, 1]]])
    mdp = tt.MDP(P, [["0"], ["1"]], ["1", "0"], "1/2")
    pi = exact([["1"], ["1"]])
    ((_, path),) = tt.sampled.all_paths(mdp, pi, 3)
    assert (path.length.tolist(), path.ended.tolist(), path.tail.tolist()) == ([1], [True], [2])
    right = [stopped(path, k) for k in (1, 2)]
    assert [x.returns[0, 0] for x in right] == [0, 2]
    assert sum(F(1, 2) * x.returns[0, 0] for x in right) == 1 == tt.evaluate(mdp, pi).eta
    wrong = [replace(x, ended=path.ended, tail=path.tail) for x in right]
    assert sum(F(1, 2) * x.returns[0, 0] for x in wrong) == 2


@pytest.mark.parametrize("horizon", [None, 1, 5])
def test_single_paths_stop_where_they_end(horizon: int | None) -> None:
    late = False
    for mdp, pi, _ in ending(73, 6):
        rough, p = in_floats(mdp, pi)
        sim = Simulator(rough, np.random.default_rng(0))
        rollouts = single_path(sim, p, 300, horizon)
        last = rough.n_states - 1
        assert (rollouts.states[:, :-1][rollouts.within] != last).all()
        assert sim.steps == rollouts.steps
        entered = rollouts.states[np.arange(300), rollouts.length] == last
        assert (entered >= rollouts.ended).all() and rollouts.ended.any()
        assert (entered == rollouts.ended).all() or horizon is None
        late |= bool((entered > rollouts.ended).any())
        tail = float(mdp.r[-1, int(mdp.mask[-1].argmax())] / (1 - mdp.gamma))
        assert rollouts.tail[rollouts.ended] == pytest.approx(tail)
        assert not rollouts.tail[~rollouts.ended].any()
        begun = rollouts.length == 0
        assert (rollouts.states[begun, 0] == last).all()
        assert rollouts.returns[begun, 0] == pytest.approx(tail)
    assert late == (horizon is None)  # some stop as they enter


def test_no_step_is_spent_in_the_sink_of_a_lake() -> None:
    """Under the uniform policy 93 % of the discounted time of FrozenLake is spent there."""
    gymnasium = pytest.importorskip("gymnasium")
    mdp = tt.from_gym(gymnasium.make("FrozenLake-v1"), 0.99)
    pi = tt.policies.uniform(mdp)
    steps = return_moments(mdp, pi).steps
    assert steps == pytest.approx(float(tt.evaluate(mdp, pi).rho[:-1].sum()))
    assert steps < 8 < 100 * 0.1
    sim = Simulator(mdp, np.random.default_rng(0))
    single_path(sim, pi, 2000)
    assert sim.steps / 2000 == pytest.approx(steps, rel=0.1)
