"""Each experiment runs at a tiny size, prints a table, draws a figure; and says what it should."""

import importlib
import sys
from itertools import pairwise, product
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import tabular_trpo as tt
from scripts import npg_rate, sb3_trpo, variance

EXPERIMENTS = (
    "aliasing", "collapse", "ladder", "max_or_mean", "npg_rate", "penalty", "regions",
    "small_steps", "stuck", "variance",
)  # fmt: skip


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_experiment_runs(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = importlib.import_module(f"scripts.{name}")
    script.experiment(3, tmp_path / "figure.png")
    assert (tmp_path / "figure.png").stat().st_size > 5_000
    out = capsys.readouterr().out
    assert len(out.splitlines()) > 6 and "nan" not in out
    rows = [line.split("│")[1:-1] for line in out.splitlines() if line.startswith("│")]
    if name == "collapse":
        for _, L, eta, bound in (tuple(map(float, row)) for row in rows):
            assert bound <= eta <= L
    if name == "ladder":
        for _, span, _, theorem, half, whole, best in rows:
            assert 1 >= float(span) > float(theorem) > float(half) > float(whole) > 0
            assert best.strip() == "coupling_span"
    if name == "max_or_mean":
        for largest, mean in zip(rows[::2], rows[1::2], strict=True):
            assert float(mean[4]) >= float(largest[4]) and float(mean[2]) > float(mean[0])
            assert all(float(x) <= float(row[5]) for row in (largest, mean) for x in row[6:])
    if name == "npg_rate":
        assert {row[7].strip() for row in rows} == {"True"}
        assert all(0 < float(row[6]) < 0.5 for row in rows)
        assert any("first" in row[8] for row in rows)
    if name == "penalty":
        for share, _, gain, same, price, realised, certified in (map(float, row) for row in rows):
            assert same == gain and price == share and certified <= realised
    if name == "regions":
        assert "fell" not in out
    if name == "variance":
        for _, gamma, single, less, vine, common in rows:
            assert 0 < float(gamma) < 1 and float(single) == 1
            assert 0 <= float(less) < 1 and 0 <= float(common) <= float(vine)
        assert len(rows) == len(script.MODELS) and min(float(row[5]) for row in rows) < 0.1
    if name == "stuck":
        assert out.splitlines()[-2].split()[3:6:2] == ["0", "0"]  # certain policies, gamma = 0.9


def test_costs_by_hand() -> None:
    """Arms that pay 0 and 1, gamma 1/2, gain 1/2: variance x steps 1 x 2, 1/2 x 2, 3/8 x 5, 0."""
    arms = tt.MDP([[["1"], ["1"]]], [["0", "1"]], ["1"], "1/2")
    assert variance.costs(arms) == [1, 1 / 2, 15 / 16, 0]


# sb3-contrib's TRPO: the exact side by formulas of our own, with policies made here.


def river() -> tt.MDP:
    return tt.read(sb3_trpo.MODEL).to_float()


def pair_of_policies(seed: int) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    return rng.dirichlet([2.0, 2.0], 4), rng.dirichlet([2.0, 2.0], 4)


def test_share_of_steps_is_the_mean_over_the_steps_of_an_episode() -> None:
    """By hand on a chain that flips, and by a sum over all sequences of states."""
    flip = tt.MDP([[[0.0, 1.0]], [[1.0, 0.0]]], [[0.0], [0.0]], [1.0, 0.0], 0.5)
    assert sb3_trpo.visited(flip, np.ones((2, 1)), 3).tolist() == [2 / 3, 1 / 3]
    mdp, (pi, _) = river(), pair_of_policies(1)
    share = np.zeros(4)
    for states in product(range(4), repeat=5):
        chance = mdp.rho0[states[0]]
        for s, t in pairwise(states):
            chance *= sum(pi[s, a] * mdp.P[s, a, t] for a in range(2))
        for s in states:
            share[s] += chance / 5
    assert sb3_trpo.visited(mdp, pi, 5) == pytest.approx(share, abs=1e-14)


def by_hand(mdp: tt.MDP, pi: Any) -> tuple[Any, Any, float]:
    """(A, d, eta), by numpy's solver."""
    M = np.eye(4) - mdp.gamma * np.einsum("sa,sat->st", pi, mdp.P)
    V = np.linalg.solve(M, (pi * mdp.r).sum(axis=1))
    A = mdp.r + mdp.gamma * mdp.P @ V - V[:, None]
    d = (1 - mdp.gamma) * np.linalg.solve(M.T, mdp.rho0)
    return A, d, float(mdp.rho0 @ V)


@pytest.mark.parametrize("seed", range(4))
def test_an_update_is_judged_by_the_exact_return_and_kl(seed: int) -> None:
    mdp, (pi, new) = river(), pair_of_policies(seed)
    (A, d, eta), (_, _, after) = by_hand(mdp, pi), by_hand(mdp, new)
    weights = sb3_trpo.visited(mdp, pi, sb3_trpo.LIMIT)
    gain = ((new - pi) * A).sum(axis=1) / (1 - mdp.gamma)
    kl = (pi * np.log(pi / new)).sum(axis=1)
    row = dict(zip(sb3_trpo.COLUMNS, sb3_trpo.judged(7, mdp, pi, new), strict=True))
    said = row.pop("fell")
    want = {
        "update": 7,
        "eta": after,
        "realised": after - eta,
        "surrogate": d @ gain,
        "undiscounted": weights @ gain,
        "mean KL": d @ kl,
        "max KL": kl.max(),
        "TV to d": np.abs(weights - d).sum() / 2,
    }
    assert row == pytest.approx(want, rel=1e-9)
    assert said == ("fell" if after < eta else "")
    assert abs(want["undiscounted"] - want["surrogate"]) > 1e-3  # or the two could be mixed up
    assert sb3_trpo.judged(1, mdp, pi, pi)[-1] == ""


def test_an_update_may_fall_or_not() -> None:
    rows = [sb3_trpo.judged(0, river(), *pair_of_policies(seed)) for seed in range(4)]
    assert {row[-1] for row in rows} == {"", "fell"}


class Learner:
    """What the script needs of a trained model; each `learn` goes to the next table of chances."""

    def __init__(self, tables: list[Any]) -> None:
        self.tables, self.policy = tables, self
        self.learnt: list[tuple[int, bool]] = []

    def learn(self, steps: int, reset_num_timesteps: bool) -> None:
        self.learnt.append((steps, reset_num_timesteps))
        self.tables = self.tables[1:]

    def obs_to_tensor(self, observation: Any) -> tuple[Any, None]:
        return observation, None

    def get_distribution(self, observation: Any) -> Any:
        rows = self.tables[0][int(observation)][None].astype(np.float32)
        probs = SimpleNamespace(detach=lambda: SimpleNamespace(numpy=lambda: rows[0]))
        return SimpleNamespace(distribution=SimpleNamespace(probs=[probs]))


def test_a_network_is_read_as_a_table() -> None:
    pi, _ = pair_of_policies(2)
    got = sb3_trpo.policy_of(Learner([pi]), river())
    assert got == pytest.approx(pi, abs=1e-7) and (got != pi).any()
    assert got.sum(axis=1) == pytest.approx(1, abs=1e-15)


def test_updates_are_judged_one_after_the_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = [table for seed in range(2) for table in pair_of_policies(seed)]
    learner = Learner(tables)
    monkeypatch.setattr(sb3_trpo, "learner", lambda mdp, seed: learner)
    sb3_trpo.experiment(3, tmp_path / "figure.png")
    assert learner.learnt == [(1024, False)] * 3
    out = capsys.readouterr().out
    rows = [line.split("│")[1:-1] for line in out.splitlines() if line.startswith("│")]
    etas = [by_hand(river(), table)[2] for table in tables]
    assert [int(row[0]) for row in rows] == [1, 2, 3]
    for row, (old, new) in zip(rows, pairwise(etas), strict=True):
        assert float(row[1]) == pytest.approx(new, rel=1e-3)
        assert float(row[2]) == pytest.approx(new - old, rel=1e-3)
    fell = sum(new < old for old, new in pairwise(etas))
    assert f"above the radius in 3, eta fell in {fell};" in out
    assert f"eta {etas[-1]:.4f} at the end" in out
    assert (tmp_path / "figure.png").stat().st_size > 5_000


def test_without_the_library_its_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("gymnasium")
    monkeypatch.setitem(sys.modules, "sb3_contrib", None)
    with pytest.raises(SystemExit, match=r"tabular-trpo\[gym,sb3\]"):
        sb3_trpo.learner(river(), 0)


@pytest.mark.filterwarnings("ignore")  # what torch warns of is not ours
def test_the_library_is_trained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    reason = "sb3-contrib brings torch, gigabytes, so no other extra has it; the rest runs above"
    pytest.importorskip("sb3_contrib", reason=reason)
    sb3_trpo.experiment(1, tmp_path / "figure.png")
    out = capsys.readouterr().out
    assert "Of 1 updates" in out and (tmp_path / "figure.png").stat().st_size > 5_000


def test_the_rate_needs_both_of_its_terms() -> None:
    """A bandit by hand: after T steps the better of two arms has odds exp(step T / (1 - gamma))."""
    bandit = tt.MDP([[[1.0], [1.0]]], [[0.0, 1.0]], [1.0], 0.5)
    for T, gap, first, second in npg_rate.run(bandit, 0.01, 8):
        assert gap == pytest.approx(2 / (1 + np.exp(0.01 * T / 0.5)), rel=1e-9)
        assert (first, second) == pytest.approx((np.log(2) / (0.01 * T), 4 / T))
        assert gap <= first + second and (gap > second) is (T > 4)
    trap = npg_rate.scaled(tt.read(npg_rate.MDPS / "tight_cpi.mdp.json"))
    _, gap, first, second = next(npg_rate.run(trap, 100.0, 1))
    assert first < gap < second
