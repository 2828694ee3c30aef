"""Streams of episodes: pieces join to whole episodes, ends and limits are told separately."""

from itertools import pairwise

import numpy as np
import pytest

import tabular_trpo as tt
from tabular_trpo._sampled.rollouts import Rollouts
from tabular_trpo._sampled.simulator import Simulator
from tabular_trpo._sampled.stream import Stream
from tests.sampled.test_counts import corridor

RIGHT = [[0.0, 1.0]] * 4


def stream(seed: int = 0, n: int = 3, limit: int | None = None) -> Stream:
    """Return a stream of the corridor."""
    return Stream(Simulator(corridor(), np.random.default_rng(seed)), n, limit)


def steps_of(rollouts: Rollouts) -> list[list[tuple[int, int, float, int]]]:
    """Return the steps (s, a, r, s') of each piece."""
    return [
        [(int(s[t]), int(a[t]), float(r[t]), int(s[t + 1])) for t in range(length)]
        for s, a, r, length in zip(
            rollouts.states, rollouts.actions, rollouts.rewards, rollouts.length, strict=True
        )
    ]


@pytest.mark.parametrize("limit", [None, 1, 2, 7])
def test_pieces_join_to_episodes(limit: int | None) -> None:
    playing = stream(limit=limit)
    open_ended: list[tuple[int, int]] = []  # (state, time) of the episodes that are running
    for _ in range(6):
        rollouts = playing.play([[0.5, 0.5]] * 4, 11)
        assert rollouts.steps == 33 and rollouts.first is not None
        begun = [i for i, first in enumerate(rollouts.first.tolist()) if first > 0]
        assert sorted(
            (int(rollouts.states[i, 0]), int(rollouts.first[i])) for i in begun
        ) == sorted(open_ended)
        open_ended = []
        for i, piece in enumerate(steps_of(rollouts)):
            assert all(x[3] == y[0] for x, y in pairwise(piece))
            assert all(x[3] != 3 for x in piece[:-1])
            time = int(rollouts.first[i]) + len(piece)
            assert bool(rollouts.ended[i]) == (piece[-1][3] == 3)
            if rollouts.first[i] == 0:
                assert piece[0][0] == 0
            if limit is not None:
                assert time <= limit
            if not rollouts.ended[i] and time != limit:
                open_ended.append((piece[-1][3], time))
        assert len(open_ended) <= 3
    assert playing.env.steps == 198


def test_an_absorbing_state_is_never_left_or_played() -> None:
    rollouts = stream().play(RIGHT, 200)
    assert rollouts.ended.sum() > 20
    within = rollouts.within
    assert (rollouts.states[:, :-1][within] != 3).all()
    # Played on to the end of the batch, nearly all steps would be spent there.
    assert rollouts.rewards[within].sum() == rollouts.ended.sum()


def test_a_limit_truncates_and_does_not_end() -> None:
    rollouts = stream(n=1, limit=2).play([[1.0, 0.0]] * 4, 100)
    assert (rollouts.length <= 2).all() and not rollouts.ended.any()
    assert (rollouts.states[:, 0] == 0).all()


def test_same_seed_same_bytes() -> None:
    one, two, other = (stream(seed).play(RIGHT, 50) for seed in (5, 5, 6))
    assert one.states.tobytes() == two.states.tobytes()
    assert one.states.tobytes() != other.states.tobytes()


def test_the_last_episodes_follow_the_other_policy() -> None:
    playing = stream(n=4)
    rollouts = playing.play(RIGHT, 30, [[1.0, 0.0]] * 4, 1)
    actions = rollouts.actions[rollouts.within]
    assert (actions == 0).sum() == 30 and (actions == 1).sum() == 90
    n = int(rollouts.length[-1])  # the pieces are listed episode by episode
    assert (rollouts.actions[-1, :n] == 0).all() and rollouts.actions[0, 0] == 1
    assert (rollouts.behaviour == 1).all()


def test_behaviour_is_the_probability_of_the_action() -> None:
    pi = np.array([[0.25, 0.75]] * 4)
    rollouts = stream().play(pi, 40)
    within = rollouts.within
    assert (rollouts.behaviour[within] == pi[0][rollouts.actions[within]]).all()


def test_frequencies_are_those_of_the_model() -> None:
    mdp = corridor()
    rollouts = stream(n=8).play([[0.5, 0.5]] * 4, 5000)
    path, t = np.nonzero(rollouts.within)
    s, a, to = rollouts.states[path, t], rollouts.actions[path, t], rollouts.states[path, t + 1]
    P = np.asarray(mdp.P)
    for state in range(3):
        for action in range(2):
            here = (s == state) & (a == action)
            n = here.sum()
            for after in range(4):
                p = P[state, action, after]
                share = (to[here] == after).mean()
                assert abs(share - p) <= 4.5 * np.sqrt(p * (1 - p) / n)


def test_wrong_arguments_are_refused() -> None:
    with pytest.raises(tt.InvalidMDPError, match="n = 0"):
        stream(n=0)
    with pytest.raises(tt.InvalidMDPError, match="limit = 0"):
        stream(limit=0)
    playing = stream()
    with pytest.raises(tt.InvalidMDPError, match="steps = 0"):
        playing.play(RIGHT, 0)
    with pytest.raises(tt.InvalidMDPError, match=r"other.*\(4, 2\)"):
        playing.play(RIGHT, 2, [[1.0]], 1)
    with pytest.raises(tt.InvalidMDPError, match="share = 4, expected at most n = 3"):
        playing.play(RIGHT, 2, RIGHT, 4)
    with pytest.raises(tt.MemoryGuardError, match="Play fewer steps"):
        playing.play(RIGHT, 10**12)
