"""The simulator: what it draws, what it counts, what it keeps to itself, what it refuses."""

from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

import tabular_trpo as tt
from tabular_trpo._core.errors import ExactnessError, InvalidMDPError, MemoryGuardError
from tabular_trpo._sampled.simulator import Simulator
from tests.sampled.models import F, dyadic, in_floats, sink
from tests.strategies import rational_pairs


def simulator(mdp: tt.MDP, seed: int = 0) -> Simulator:
    """One with a generator of its own."""
    return Simulator(mdp, np.random.default_rng(seed))


def ends(mdp: tt.MDP, s: int, a: int) -> list[tuple[int, float, float]]:
    """(successor, first uniform, last uniform) of each outcome, on the grid k / 2^53."""
    total, out = F(0), []
    for t in np.flatnonzero(mdp.P[s, a]):
        begin, total = total, total + F(float(mdp.P[s, a, t]))
        out.append((int(t), float(begin), float(total - F(1, 2**53))))
    assert total == 1
    return out


def test_each_successor_is_drawn_at_exactly_its_own_uniforms() -> None:
    count = 0
    for mdp, _, _ in rational_pairs(61, 20):
        rough = mdp.to_float()
        sim = simulator(rough)
        for s, a in np.argwhere(rough.mask):
            for t, first, last in ends(rough, s, a):
                sim.restore([s, s])
                rewards, states = sim.step([a, a], [first, last])
                assert states.tolist() == [t, t] and rewards.tolist() == [rough.r[s, a]] * 2
                count += 1
    assert count > 150


def test_the_start_is_drawn_from_rho0() -> None:
    mdp = in_floats(*dyadic())[0]
    states = simulator(mdp).reset(10**5)
    assert abs(states.mean() - 0.75) <= 4 * (3 / 16 / 10**5) ** 0.5
    assert simulator(tt.MDP(mdp.P, mdp.r, [0.0, 1.0], 0.5)).reset(50).tolist() == [1] * 50


def test_rewards_of_successors_are_observed_unchanged() -> None:
    mdp = in_floats(*dyadic(next_rewards=True))[0]
    P, r = (sp.csr_array(x.reshape(4, 2)) for x in (mdp.P, mdp.r_next))
    sparse = tt.MDP(P, r, mdp.rho0, mdp.gamma)
    assert sparse.is_sparse and sparse.r_next is not None
    for model in (mdp, sparse):
        sim = simulator(model)
        for s, a in np.ndindex(2, 2):
            for u, t in ((0.0, 0), (1 - 2.0**-53, 1)):
                sim.restore([s])
                reward, state = sim.step([a], [u])
                if mdp.P[s, a, t]:
                    assert (reward[0], state[0]) == (mdp.r_next[s, a, t], t)
    assert mdp.r_next[0, 0, 0] != mdp.r_next[0, 0, 1]


def test_sparse_and_dense_play_the_same_game() -> None:
    for mdp, _, _ in rational_pairs(62, 10, masked=True):
        rough = mdp.to_float()
        rows = sp.csr_array(rough.P.reshape(-1, rough.n_states))
        sparse = tt.MDP(rows, rough.r, rough.rho0, rough.gamma, rough.allowed)
        games = []
        for model in (rough, sparse):
            sim = simulator(model, 3)
            states = [sim.reset(20)]
            for _ in range(15):
                rewards, now = sim.step(sim.allowed[sim.states].argmax(axis=1))
                states += [now, rewards]
            games.append(np.concatenate(states).tolist())
        assert games[0] == games[1]


def test_frequencies_are_those_of_the_model() -> None:
    """Chi-square of 4 x 10^5 draws against the rows, in the same seed always."""
    rng = np.random.default_rng(4)
    P = rng.dirichlet(np.ones(6), (6, 2))
    sim = simulator(tt.MDP(P, np.zeros((6, 2)), np.ones(6) / 6, 0.5), 5)
    n = 4 * 10**5
    sim.restore(np.arange(n) % 6)
    before, actions = sim.states, np.arange(n) // 6 % 2
    _, after = sim.step(actions)
    counts = np.bincount((before * 2 + actions) * 6 + after, minlength=72).reshape(6, 2, 6)
    reference = P * counts.sum(axis=-1, keepdims=True)
    chi = ((counts - reference) ** 2 / reference).sum()
    assert abs(chi - 60) <= 4 * 120**0.5  # 60 degrees of freedom
    assert (
        (counts - reference[:, ::-1]) ** 2 / reference[:, ::-1]
    ).sum() > 1000  # the other action's rows


def test_saved_states_are_taken_back_in_part_and_often() -> None:
    sim = simulator(in_floats(*dyadic())[0])
    assert sim.states.shape == (0,) and sim.steps == 0
    start = sim.reset(6)
    kept = sim.save()
    copy = kept.tolist()
    sim.step([0] * 6)
    sim.step([1] * 6)
    assert sim.steps == 12 and kept.tolist() == copy == start.tolist()
    assert sim.restore(kept).tolist() == copy
    assert sim.restore(kept[[4, 0]]).tolist() == [copy[4], copy[0]]
    sim.step([0, 0])
    assert sim.steps == 14  # neither saving nor restoring nor a reset is a step
    mine = np.array([1, 0])
    sim.restore(mine)
    mine[:] = 0
    assert sim.states.tolist() == [1, 0]
    for array in (sim.states, sim.save(), kept, sim.allowed):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


def test_common_uniforms_take_the_same_step() -> None:
    """The same u in the same place is the same outcome; none is taken from the generator."""
    mdp = in_floats(*dyadic())[0]
    sim = simulator(mdp, 7)
    u = np.random.default_rng(0).random(50)
    sim.restore(np.zeros(50, dtype=int))
    one = sim.step([0] * 50, u)
    sim.restore(np.zeros(50, dtype=int))
    two = sim.step([0] * 50, u)
    assert one[1].tolist() == two[1].tolist() and len(set(one[1].tolist())) == 2
    assert sim.rng.random() == np.random.default_rng(7).random()


def test_integers_of_every_kind_are_actions() -> None:
    sim = simulator(in_floats(*dyadic())[0])
    for kind in (np.int8, np.uint8, np.int32, np.uint64, np.int64):
        sim.restore(np.array([0, 1], dtype=kind))
        rewards, _ = sim.step(np.array([1, 0], dtype=kind))
        assert rewards.tolist() == [-1.0, 2.0]


def test_a_seed_says_every_byte() -> None:
    def game(seed: int) -> bytes:
        sim = simulator(in_floats(*dyadic())[0], seed)
        parts = [sim.reset(30)] + [x for _ in range(5) for x in sim.step([0] * 30)]
        return b"".join(x.tobytes() for x in parts)

    assert game(1) == game(1) != game(2)


def test_the_model_stays_inside() -> None:
    """No public name leads to a probability or the model; of rewards only the tails are seen."""
    mdp = in_floats(*dyadic(next_rewards=True))[0]
    sim = simulator(mdp)
    public = {name for name in dir(sim) if not name.startswith("_")}
    assert public == {
        "advance", "allowed", "ends", "gamma", "n_actions", "n_states", "play", "reset", "restart",
        "restore", "rng", "save", "states", "step", "steps", "tail",
    }  # fmt: skip
    assert not hasattr(sim, "__dict__")
    assert not sim.tail.any()  # no state of this model is absorbing
    held = [getattr(sim, name) for name in public - {"tail"} if not callable(getattr(sim, name))]
    arrays = [x for x in held if isinstance(x, np.ndarray)]
    assert {x.dtype.kind for x in arrays} == {"b", "i"} and len(held) == len(arrays) + 5
    assert (sim.n_states, sim.n_actions, sim.gamma) == (2, 2, 0.5)


def test_bad_models_and_generators() -> None:
    exact_model = dyadic()[0]
    mdp = exact_model.to_float()
    rng = np.random.default_rng(0)
    with pytest.raises(
        ExactnessError, match=r"mdp is rational, expected floats.*mdp\.to_float\(\)"
    ):
        Simulator(exact_model, rng)
    batch = tt.MDP([mdp.P] * 2, [mdp.r] * 2, mdp.rho0, 0.5)
    with pytest.raises(
        InvalidMDPError, match=r"mdp has batch \(2,\), expected one model.*mdp\[i\]"
    ):
        Simulator(batch, rng)
    missing: list[Any] = [None, 0, np.random.PCG64(0)]
    for other in missing:
        with pytest.raises(InvalidMDPError, match=r"rng is of type .*default_rng\(seed\)"):
            Simulator(mdp, other)


def test_bad_steps() -> None:
    sim = simulator(in_floats(*sink())[0])
    sim.restore([0, 2, 2])
    bad: list[tuple[str, Any, Any]] = [
        (r"actions\[1\] = 1 in state 2, expected one of \[0\]\n  1 more", [1, 1, 1], None),
        (r"actions\[0\] = 2 in state 0, expected one of \[0, 1\]", [2, 0, 0], None),
        (r"actions\[0\] = -1 in state 0", [-1, 0, 0], None),
        (r"actions has shape \(2,\), expected \(3,\) integers", [0, 0], None),
        (r"actions has shape \(3,\), expected \(3,\) integers", [0.0, 0.0, 0.0], None),
        (r"actions has shape \(3,\)", [True, False, False], None),
        (r"actions has shape \(\)", 0, None),
        (r"uniforms has shape \(2,\), expected \(3,\) numbers in \[0, 1\)", [0, 0, 0], [0.5, 0.5]),
        (r"uniforms", [0, 0, 0], [0.5, 1.0, 0.5]),
        (r"uniforms", [0, 0, 0], [0.5, -0.1, 0.5]),
        (r"uniforms", [0, 0, 0], [0.5, np.nan, 0.5]),
    ]
    for message, actions, u in bad:
        with pytest.raises(InvalidMDPError, match=message):
            sim.step(actions, u)
        assert sim.states.tolist() == [0, 2, 2] and sim.steps == 0
    for n in (0, -2, 1.5, True, None):
        with pytest.raises(InvalidMDPError, match=f"n = {n}, expected a whole number, at least 1"):
            sim.reset(n)  # type: ignore[arg-type]
    with pytest.raises(MemoryGuardError, match=r"trajectories needs .*Play fewer at once"):
        sim.reset(10**13)


def test_bad_restores() -> None:
    sim = simulator(in_floats(*sink())[0])
    sim.restore([1])
    bad: list[tuple[str, Any]] = [
        (r"states\[1\] = 3, expected 0 to 2\n  1 more", [0, 3, -1]),
        (r"states\[0\] = -1", [-1]),
        (r"states has shape \(1, 1\), expected \(n,\) integers", [[0]]),
        (r"states has shape \(\)", 1),
        (r"states has shape \(1,\), expected \(n,\) integers", [0.0]),
        (r"states has shape \(1,\)", [True]),
    ]
    for message, states in bad:
        with pytest.raises(InvalidMDPError, match=message):
            sim.restore(states)
        assert sim.states.tolist() == [1]
