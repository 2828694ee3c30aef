"""Precision: the tolerance follows the dtype of the numbers; rows are divided on request."""

import re
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
import scipy.sparse as sp

import tabular_trpo as tt
from tabular_trpo._core.array_input import ROUNDINGS, precision, row_tolerance

COARSE = {"float32": np.float32, "float16": np.float16, "bfloat16": ml_dtypes.bfloat16}


class Tensor:
    """A foreign array, such as one of torch or JAX: numpy converts it."""

    def __init__(self, values: Any) -> None:
        self.values = values

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return np.asarray(self.values, dtype=dtype)


def rows(kind: Any, shape: tuple[int, ...], seed: int = 0) -> Any:
    """Rows that a program in that precision makes: none sums to 1 in doubles."""
    exact = np.random.default_rng(seed).dirichlet(np.ones(shape[-1]), size=shape[:-1])
    made = exact.astype(kind)
    assert np.abs(made.astype(float).sum(axis=-1) - 1).max() > 1e-9
    return made


FORMS: dict[str, Callable[[Any], Any]] = {
    "array": lambda x: x,
    "tensor": Tensor,
    "list of arrays": list,
    "list of tensors": lambda x: [Tensor(y) for y in x],
    "lists of numbers": lambda x: [[list(z) for z in y] for y in x],
    "objects": lambda x: x.astype(object) if x.dtype == object else _objects(x),
}


def _objects(x: Any) -> Any:
    out = np.empty(x.shape, dtype=object)
    for at in np.ndindex(*x.shape):
        out[at] = x[at]
    return out


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", COARSE)
def test_coarse_models_are_read_and_the_repair_recorded(kind: str, form: str) -> None:
    P = rows(COARSE[kind], (4, 3, 4))
    mdp = tt.MDP(FORMS[form](P), np.zeros(4), [1.0, 0, 0, 0], 0.9)
    off = np.abs(P.astype(float).sum(axis=-1) - 1).max()
    assert 0 < mdp.repair <= 2 * off and mdp.normalized == 0
    assert all(sum(map(Fraction, row)) == 1 for row in mdp.P.reshape(-1, 4).tolist())


@pytest.mark.parametrize("form", ["array", "tensor", "list of arrays", "list of tensors"])
@pytest.mark.parametrize("kind", COARSE)
def test_coarse_starts_and_policies_are_read(kind: str, form: str) -> None:
    mdp = tt.MDP(np.full((4, 3, 4), 0.25), np.zeros(4), rows(COARSE[kind], (4,)), 0.9)
    assert mdp.repair > 0
    pi = rows(COARSE[kind], (4, 3), seed=1)
    read = tt.policies.check_policy(mdp, FORMS[form](pi))
    assert np.abs(read - pi.astype(float)).max() <= ROUNDINGS * precision(pi.dtype)
    assert all(sum(map(Fraction, row)) == 1 for row in read.tolist())
    for through in (tt.policies.to_rational, lambda x: tt.Pair(mdp, x, read).pi):
        assert [float(sum(row)) for row in through(FORMS[form](pi))] == [1.0] * 4
    mixed = tt.policies.mixture(FORMS[form](pi), FORMS[form](pi[::-1]), 0.25)
    assert np.abs(mixed.sum(axis=-1) - 1).max() <= 2.0**-51
    assert tt.kl(FORMS[form](pi), FORMS[form](pi)).tolist() == [0.0] * 4


def test_sparse_and_transitions_in_float32() -> None:
    P = rows(np.float32, (12, 4))
    assert tt.MDP(sp.csr_array(P), np.zeros(4), [1.0, 0, 0, 0], 0.9).repair > 0
    table = [(i // 3, i % 3, t, P[i, t], np.float32(0)) for i in range(12) for t in range(4)]
    for layout in ("dense", "csr"):
        mdp = tt.MDP.from_transitions(table, [1.0, 0, 0, 0], 0.9, layout=layout)
        assert mdp.repair > 0 and mdp.is_sparse == (layout == "csr")
    agent = tt.tabular_policy(lambda s: P[s, :3] / P[s, :3].sum(), mdp)
    assert agent.shape == (4, 3)


@pytest.mark.parametrize("kind", [np.float64, np.longdouble, int])
def test_doubles_keep_their_tolerance(kind: Any) -> None:
    assert row_tolerance(np.ones(2, dtype=kind)) == row_tolerance([0.5, Fraction(1, 2)]) == 1e-9
    P = np.full((2, 1, 2), 0.5) * (1 + 1e-8)
    with pytest.raises(tt.InvalidMDPError, match="tolerance 1e-09"):
        tt.MDP(P, [0.0, 0.0], [1.0, 0.0], 0.9)


def test_coarse_rows_too_far_off_are_refused_with_their_tolerance() -> None:
    P = np.full((2, 1, 2), 0.5, dtype=np.float32) * np.float32(1.001)
    with pytest.raises(tt.InvalidMDPError, match=r"tolerance 9\.54e-07.*normalize=True"):
        tt.MDP(P, [0.0, 0.0], [1.0, 0.0], 0.9)


# normalize=True: at every entry point, recorded, and the cure that errors name.

ROUNDED = [["0.333333333333333", "0.666666666666666"], ["0", "1"]]
THIRDS = [[Fraction(1, 3), Fraction(2, 3)], [0, 1]]
EXACT: dict[str, Any] = {"r": ["1", "0"], "rho0": ["1", "0"], "gamma": "1/2"}


def _document(P: list[list[str]], policy: list[str]) -> dict[str, Any]:
    rows = [[s, "go", t, p, "1"] for s, row in zip("xy", P, strict=True)
            for t, p in zip("xy", row, strict=True)]  # fmt: skip
    return {
        "format": "tabular-trpo-mdp", "version": 1, "gamma": "1/2", "states": ["x", "y"],
        "actions": ["go"], "rho0": {"x": "1"}, "transitions": rows,
        "policies": {"only": {s: {"go": p} for s, p in zip("xy", policy, strict=True)}},
    }  # fmt: skip


def _write(path: Path, text: dict[str, Any]) -> Path:
    import json

    path.write_text(json.dumps(text), encoding="utf-8")
    return path


def _from_rows(P: Any, **how: Any) -> tt.MDP:
    table = [(s, 0, t, P[s][t], "0") for s in range(2) for t in range(2)]
    return tt.MDP.from_transitions(table, ["1", "0"], "1/2", **how)


MODELS: dict[str, Callable[..., tt.MDP]] = {
    "MDP": lambda P, **how: tt.MDP([[row] for row in P], **EXACT, **how),
    "from_transitions": _from_rows,
    "replace": lambda P, **how: tt.MDP([[[1, 0]], [[0, 1]]], **EXACT).replace(
        P=[[row] for row in P], **how
    ),
    "document": lambda P, **how: tt.formats.from_document(_document(P, ["1", "1"]), **how).mdp,
}


@pytest.mark.parametrize("entry", MODELS)
def test_rounded_exact_rows_are_refused_and_the_cure_works(entry: str) -> None:
    with pytest.raises(tt.InvalidMDPError, match=r"exactly.*normalize=True") as caught:
        MODELS[entry](ROUNDED)
    assert caught.value.code == "row_sum"
    mdp = MODELS[entry](ROUNDED, normalize=True)
    assert mdp.P[:, 0].tolist() == THIRDS and mdp.arithmetic == "rational"
    assert mdp.normalized == 1e-15
    assert MODELS[entry]([["1/3", "2/3"], ["0", "1"]], normalize=True).normalized == 0


def test_start_distributions_are_normalized(tmp_path: Path) -> None:
    P = [[["1", "0"]], [["0", "1"]]]
    short = ["0.33333333333", "0.66666666666"]
    with pytest.raises(tt.InvalidMDPError, match=r"^rho0 sums to .*normalize=True"):
        tt.MDP(P, ["1", "0"], short, "1/2")
    mdp = tt.MDP(P, ["1", "0"], short, "1/2", normalize=True)
    assert mdp.rho0.tolist() == [Fraction(1, 3), Fraction(2, 3)]
    assert mdp.normalized == 1e-11 and mdp.to_float().normalized == 1e-11
    counted = tt.MDP.from_counts([[[1, 2]], [[0, 1]]], ["1", "0"], short, "1/2", normalize=True)
    assert counted.normalized == 1e-11
    text = _document([["1", "0"], ["0", "1"]], ["1", "1"]) | {"rho0": {"x": "0.9"}}
    path = _write(tmp_path / "m.mdp.json", text)
    with pytest.raises(tt.InvalidMDPError, match=r"read\(path, normalize=True\)"):
        tt.read(path)
    assert tt.read(path, normalize=True).normalized == pytest.approx(0.1)


def test_policies_are_normalized_and_the_cure_works() -> None:
    mdp = tt.MDP([[["1", "0"]] * 2, [["0", "1"]] * 2], ["1", "0"], ["1", "0"], "1/2")
    with pytest.raises(tt.InvalidMDPError, match="normalize") as caught:
        tt.evaluate(mdp, ROUNDED)
    cure = re.search(r"policies\.normalize\(mdp, pi\)\.pi", str(caught.value))
    assert cure is not None
    found = eval(f"tt.{cure[0]}", {"tt": tt, "mdp": mdp, "pi": ROUNDED})
    assert found.tolist() == THIRDS and tt.evaluate(mdp, found).eta == 2
    assert tt.policies.normalize(mdp, ROUNDED).off == 1e-15
    assert tt.policies.check_policy(mdp, ROUNDED, normalize=True).tolist() == THIRDS
    floats = tt.policies.normalize(mdp.to_float(), [[1.0, 3.0], [0.0, 1.0]])
    assert floats.pi.tolist() == [[0.25, 0.75], [0.0, 1.0]] and floats.off == 3.0
    assert not floats.pi.flags.writeable


def test_policies_of_a_document_are_normalized_and_recorded() -> None:
    text = _document([["1", "0"], ["0", "1"]], ["0.999", "1"])
    with pytest.raises(tt.InvalidMDPError, match="normalize=True"):
        tt.formats.from_document(text)
    read = tt.formats.from_document(text, normalize=True)
    assert read.policies["only"].tolist() == [[1], [1]] and read.mdp.normalized == 0
    assert dict(read.normalized) == {"only": 0.001}


@pytest.mark.parametrize(
    ("P", "code"),
    [
        ([[[0.5, -0.5]], [[0.0, 1.0]]], "negative"),
        ([[[0.0, 0.0]], [[0.0, 1.0]]], "row_sum"),
        ([[[np.nan, 1.0]], [[0.0, 1.0]]], "not_finite"),
        ([[[1e308, 1e308]], [[0.0, 1.0]]], "row_sum"),
    ],
)
def test_what_is_no_weight_is_not_normalized(P: Any, code: str) -> None:
    for matrix in (P, sp.csr_array(np.array(P)[:, 0])):
        with pytest.raises(tt.InvalidMDPError) as caught:
            tt.MDP(matrix, [0.0, 0.0], [1.0, 0.0], 0.9, normalize=True)
        assert caught.value.code == code


def test_sparse_rows_are_normalized() -> None:
    mdp = tt.MDP(sp.csr_array([[1.0, 3.0], [0.0, 2.0]]), [0, 0], [1, 0], 0.9, normalize=True)
    assert mdp.P.toarray().tolist() == [[0.25, 0.75], [0.0, 1.0]] and mdp.normalized == 3.0
