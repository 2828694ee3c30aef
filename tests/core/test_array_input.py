"""Labels are read or refused, masks are refused: no order is mistaken for another."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

import tabular_trpo as tt
from tabular_trpo._core.array_input import resolve_labels
from tabular_trpo.improve import SoftmaxClass

P = np.array([[[0.5, 0.5], [1.0, 0.0]], [[0.0, 1.0], [0.25, 0.75]]])
R = np.array([[1.0, 0.0], [0.0, 2.0]])
S, A = ("low", "high"), ("stay", "go")
PI = np.array([[0.125, 0.875], [0.375, 0.625]])
MDP = tt.MDP(P, R, [1.0, 0.0], 0.9, state_names=S, action_names=A)


class Labelled:
    """What an xarray.DataArray looks like: dims, coords, and conversion."""

    def __init__(self, values: Any, **coords: Any) -> None:
        self.values, self.dims, self.coords = np.asarray(values), tuple(coords), coords

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return np.asarray(self.values, dtype=dtype)


def table(values: Any, index: Any = S, columns: Any = A) -> pd.DataFrame:
    """The values with their labels, rows and columns in the opposite order."""
    return pd.DataFrame(values, list(index), list(columns)).iloc[::-1, ::-1]


def series(values: Any, index: Any = S) -> pd.Series:
    return pd.Series(values, list(index)).iloc[::-1]


READ: dict[str, tuple[Callable[[Any], Any], Any, Any]] = {
    "rho0": (
        lambda x: tt.MDP(P, R, x, 0.9, None, S, A).rho0, series([0.25, 0.75]), [0.25, 0.75],
    ),
    "r of states": (
        lambda x: tt.MDP(P, x, [1, 0], 0.9, None, S, A).r[:, 0], series([3.0, 4.0]), [3.0, 4.0],
    ),
    "r of pairs": (lambda x: tt.MDP(P, x, [1, 0], 0.9, None, S, A).r, table(R), R),
    "allowed": (
        lambda x: tt.MDP(P * [[[1], [1]], [[1], [0]]], R, [1, 0], 0.9, x, S, A).mask,
        table([[True, True], [True, False]]), [[True, True], [True, False]],
    ),
    "replace": (lambda x: MDP.replace(rho0=x).rho0, series([0.25, 0.75]), [0.25, 0.75]),
    "check_policy": (lambda x: tt.policies.check_policy(MDP, x), table(PI), PI),
    "normalize": (lambda x: tt.policies.normalize(MDP, x).pi, table(PI), PI),
    "evaluate": (lambda x: tt.evaluate(MDP, x).pi, table(PI), PI),
    "pair": (lambda x: tt.Pair(MDP, x, PI).pi, table(PI), PI),
    "new policy": (lambda x: tt.Pair(MDP, PI, x).pi_new, table(PI), PI),
    "greedy": (lambda x: tt.policies.greedy(MDP, x), table(R), [[1.0, 0.0], [0.0, 1.0]]),
    "actions": (
        lambda x: tt.policies.deterministic(MDP, x), series([0, 1]), [[1.0, 0.0], [0.0, 1.0]],
    ),
    "rational": (
        lambda x: tt.policies.check_policy(MDP.to_rational(), x),
        table([["1/3", "2/3"], ["1", "0"]]),
        tt.policies.check_policy(MDP.to_rational(), [["1/3", "2/3"], ["1", "0"]]),
    ),
    "P of dims": (
        lambda x: tt.MDP(x, R, [1, 0], 0.9, None, S, A).P,
        Labelled(P[::-1, :, ::-1], s=S[::-1], a=A, t=S[::-1]), P,
    ),
    "rows of an agent": (
        lambda x: tt.tabular_policy(lambda s: x.iloc[1 - s] if s < 2 else 0, MDP), table(PI), PI,
    ),
}  # fmt: skip


@pytest.mark.parametrize("entry", READ)
def test_labels_are_read(entry: str) -> None:
    through, labelled, expected = READ[entry]
    assert np.array_equal(through(labelled), np.asarray(expected))


@pytest.mark.parametrize("entry", READ)
def test_other_labels_are_refused_by_name(entry: str) -> None:
    through, labelled, _ = READ[entry]
    if isinstance(labelled, Labelled):
        other: Any = Labelled(P, s=("low", "other"), a=A, t=S)
    elif isinstance(labelled, pd.DataFrame):
        other = labelled.rename(columns={"go": "other"})
    else:
        other = labelled.rename({"high": "other"})
    with pytest.raises(tt.InvalidMDPError, match=r"labels .*'other'.*names '") as caught:
        through(other)
    assert caught.value.code == "labels"


def test_the_cures_work() -> None:
    start = pd.Series([0.25, 0.75], ["b", "a"])
    with pytest.raises(tt.InvalidMDPError, match=r"give state_names=, or rho0 without labels"):
        tt.MDP(P, R, start, 0.9)
    assert tt.MDP(P, R, start, 0.9, state_names=("a", "b")).rho0.tolist() == [0.75, 0.25]
    assert tt.MDP(P, R, start.to_numpy(), 0.9).rho0.tolist() == [0.25, 0.75]


def test_positions_are_labels_too() -> None:
    assert tt.MDP(P, R, pd.Series([0.25, 0.75]), 0.9).rho0.tolist() == [0.25, 0.75]
    moved = pd.Series([0.25, 0.75], [1, 0])
    assert tt.MDP(P, R, moved, 0.9, state_names=S).rho0.tolist() == [0.75, 0.25]
    assert np.array_equal(tt.policies.check_policy(MDP, pd.DataFrame(PI)), PI)
    named = pd.Series([0.25, 0.75], ["1", "0"])
    assert tt.MDP(P, R, named, 0.9).rho0.tolist() == [0.75, 0.25]


L = tt.surrogate(tt.evaluate(MDP, PI))
SIM = tt.sampled.Simulator(MDP, np.random.default_rng(0))
PATHS = tt.sampled.single_path(SIM, PI, 3, 4)
NAMELESS: dict[str, tuple[Callable[[Any], Any], Any]] = {
    "kl p": (lambda x: tt.kl(x, PI), PI),
    "tv q": (lambda x: tt.tv(PI, x), PI),
    "mixture pi": (lambda x: tt.policies.mixture(x, PI, 0.5), PI),
    "mixture target": (lambda x: tt.policies.mixture(PI, x, 0.5), PI),
    "softmax": (tt.policies.softmax, R),
    "surrogate value": (L.value, PI),
    "surrogate radius": (L.radius, PI),
    "to_rational": (tt.policies.to_rational, PI),
    "greedy step": (lambda x: tt.improve.greedy(L, x), R),
    "estimate": (lambda x: tt.sampled.estimate(PATHS, x), PI),
    "single path": (lambda x: tt.sampled.single_path(SIM, x, 2, 2), PI),
    "theta": (SoftmaxClass((2, 2)).policy, R),
    "surrogate": (lambda x: tt.Surrogate(x, np.ones(2), PI, 0.0).value(PI), R),
    "rollouts": (lambda x: dataclasses.replace(PATHS, rewards=x).returns, R),
    "allowed of a class": (lambda x: SoftmaxClass((2, 2), None, x), R < 9),
    "counts": (lambda x: tt.MDP.from_counts([x, x], [0, 0], ["1", 0], "1/2"), np.eye(2, dtype=int)),
    "list of tables": (lambda x: tt.MDP([x, x], R, [1, 0], 0.9), PI),
}


@pytest.mark.parametrize("entry", NAMELESS)
def test_labels_without_names_to_match_are_refused(entry: str) -> None:
    through, values = NAMELESS[entry]
    through(values)
    through(pd.DataFrame(values))
    with pytest.raises(tt.TabularError, match=r"has the labels 'high', 'low'.*\.to_numpy\(\)"):
        through(table(values))


ENTRIES = {name: (through, expected) for name, (through, _, expected) in READ.items()} | NAMELESS
MASKABLE = [name for name in ENTRIES if name not in ("rows of an agent", "greedy", "actions")]


@pytest.mark.parametrize("entry", MASKABLE)
def test_masked_arrays_are_refused(entry: str) -> None:
    through, values = ENTRIES[entry]
    values = np.asarray(values)
    hidden = np.zeros(values.shape, dtype=bool)
    hidden.flat[-1] = True
    with pytest.raises(tt.InvalidMDPError, match=r"is masked.*\.filled\(0\)") as caught:
        through(np.ma.array(values, mask=hidden))
    assert caught.value.code == "masked"


def test_masked_arrays_without_a_masked_entry_are_arrays() -> None:
    start = np.ma.array([0.25, 0.75], mask=False)
    assert tt.MDP(P, R, start, 0.9).rho0.tolist() == [0.25, 0.75]
    assert tt.MDP(P, R, np.ma.array([0.0, 1.0], mask=[1, 0]).filled(0), 0.9).rho0[1] == 1  # type: ignore[arg-type]
    with pytest.raises(tt.InvalidMDPError, match=r"rho0\[1\] is masked"):
        tt.MDP(P, R, [1.0, np.ma.masked], 0.9)


def test_missing_and_repeated_labels_are_refused() -> None:
    for labels in (["low", "low"], ["low", None], [("low", 0), ("high", 1)], ["low", 1]):
        with pytest.raises(tt.InvalidMDPError, match="has the labels"):
            tt.MDP(P, R, pd.Series([0.5, 0.5], labels), 0.9, state_names=S)
    with pytest.raises(tt.InvalidMDPError, match="has the labels"):
        tt.MDP(P, R, pd.Series([0.5, 0.5, 0.0], ["low", "high", "more"]), 0.9, state_names=S)


def test_tables_of_transitions_are_read_by_row() -> None:
    rows = pd.DataFrame({
        "s": S, "a": ["stay"] * 2, "t": S, "probability": [1.0, 1.0], "reward": [1.0, 0.0],
    })  # fmt: skip
    with pytest.raises(tt.InvalidMDPError, match=r"table.itertuples\(index=False\)"):
        tt.MDP.from_transitions(rows, [1, 0], 0.9, S, A[:1])
    start = series([0.25, 0.75])
    built = tt.MDP.from_transitions(rows.itertuples(index=False), start, 0.9, S, A[:1])
    assert built.rho0.tolist() == [0.25, 0.75]


def test_names_in_no_order_are_refused() -> None:
    with pytest.raises(tt.InvalidMDPError, match="state_names is a set"):
        tt.MDP(P, R, [1, 0], 0.9, state_names={"low", "high"})


class Tensor:
    """A foreign array: torch's, with gradients, raises; JAX's converts itself."""

    def __init__(self, values: Any, error: str = "") -> None:
        self.values, self.error = values, error

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        if self.error:
            raise RuntimeError(self.error)
        return np.asarray(self.values, dtype=dtype)


def test_tensors_are_converted_or_refused() -> None:
    assert np.array_equal(tt.MDP(Tensor(P), R, Tensor([1, 0]), Tensor(0.9)).P, P)
    assert np.array_equal(resolve_labels("P", [Tensor(P[0]), Tensor(P[1])]), P)
    with pytest.raises(tt.InvalidMDPError, match=r"cannot read \(Can't call numpy.*detach"):
        tt.MDP(Tensor(P, "Can't call numpy() on Tensor that requires grad"), R, [1, 0], 0.9)


def test_pandas_is_not_imported_by_the_package() -> None:
    import subprocess
    import sys

    script = "import sys, tabular_trpo; assert 'pandas' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
