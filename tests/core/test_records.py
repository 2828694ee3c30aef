"""Records: a copy or a pickle is as read-only and as valid as its original, and equal to it."""

import ast
import copy
import dataclasses
import importlib
import inspect
import pickle
import pkgutil
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from fractions import Fraction
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

import tabular_trpo as tt

P = [[[0.5, 0.5], [1.0, 0.0]], [[0.0, 1.0], [0.25, 0.75]]]
R = [[[1.0, 2.0], [0.0, 3.0]], [[0.0, 5.0], [2.0, 1.0]]]
UNIFORM = [[0.5, 0.5], [0.5, 0.5]]
LEANING = [[0.75, 0.25], [0.5, 0.5]]
WAYS: dict[str, Callable[[Any], Any]] = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda x: pickle.loads(pickle.dumps(x)),
}


def every_dataclass() -> list[type]:
    """All dataclasses of the package, by name."""
    found: dict[str, type] = {}
    for module in pkgutil.walk_packages(tt.__path__, "tabular_trpo."):
        if module.name.endswith("__main__"):
            continue
        inside = vars(importlib.import_module(module.name)).values()
        for cls in (x for x in inside if isinstance(x, type) and dataclasses.is_dataclass(x)):
            if cls.__module__.startswith("tabular_trpo"):
                found[f"{cls.__module__}.{cls.__qualname__}"] = cls
    return [found[name] for name in sorted(found)]


FROZEN = [c for c in every_dataclass() if c.__dataclass_params__.frozen]  # type: ignore[attr-defined]
# An expression is one object; a theorem is pickled as its formula; the others have no arrays, are
# not compared, or are internal to a solver.
OWN_WAY = {"Expression", "Theorem"}
PLAIN = {
    "tabular_trpo._core.errors", "tabular_trpo._core.forms", "tabular_trpo._core.interval",
    "tabular_trpo._improve.kl_rows", "tabular_trpo._falsify.score", "tabular_trpo._theory.plain",
    "tabular_trpo._theory.vocabulary",
}  # fmt: skip
FROZEN = [c for c in FROZEN if c.__module__ not in PLAIN]


def test_every_class_is_a_class() -> None:
    """A decorator for functions makes a function of a class: its records do not pickle."""
    for info in pkgutil.walk_packages(tt.__path__, "tabular_trpo."):
        if not info.name.endswith("__main__"):
            module = importlib.import_module(info.name)
            nodes = ast.parse(inspect.getsource(module)).body
            names = [node.name for node in nodes if isinstance(node, ast.ClassDef)]
            assert [n for n in names if not isinstance(getattr(module, n), type)] == [], info.name


def blank(cls: type) -> Any:
    """A record with an array, or a mapping that holds one, in every field."""
    made: Any = object.__new__(cls)
    kinds = (
        lambda: np.arange(3.0),
        lambda: MappingProxyType({"x": np.arange(2.0)}),
        lambda: (np.array([Fraction(1, 3)], dtype=object), "text"),
        lambda: {"y": np.arange(2)},
    )
    names = [f.name for f in dataclasses.fields(cls)]
    for i, name in enumerate(names):
        object.__setattr__(made, name, kinds[i % len(kinds)]())
    return made


def arrays(value: Any, seen: set[int]) -> Iterator[np.ndarray[Any, Any]]:
    """Every array in a record, its records, its containers."""
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, np.ndarray):
        yield value
    elif sp.issparse(value):
        yield from (value.data, value.indices, value.indptr)  # type: ignore[attr-defined]
    elif isinstance(value, dict | MappingProxyType):
        for x in value.values():
            yield from arrays(x, seen)
    elif isinstance(value, tuple | list):
        for x in value:
            yield from arrays(x, seen)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for f in dataclasses.fields(value):
            yield from arrays(getattr(value, f.name), seen)
    elif type(value).__name__ == "RationalMatrix":
        yield from (value.num, value.den)


@pytest.mark.parametrize("cls", FROZEN, ids=lambda c: f"{c.__module__[13:]}.{c.__name__}")
@pytest.mark.parametrize("way", WAYS)
def test_every_record_survives(cls: type, way: str) -> None:
    if cls.__name__ in OWN_WAY:
        assert any(name in vars(cls) for name in ("__reduce__", "_portable"))
        return
    one = blank(cls)
    other = WAYS[way](one) if way != "copy" else copy.copy(copy.deepcopy(one))
    assert type(other) is cls
    assert not any(x.flags.writeable for x in arrays(other, set()))
    for f in dataclasses.fields(cls):
        assert type(getattr(other, f.name)) is type(getattr(one, f.name))
    assert (one == other) is cls.__dataclass_params__.eq
    assert one == one
    assert isinstance(hash(other), int)
    if one == other:
        assert hash(one) == hash(other)


def models() -> dict[str, tt.MDP]:
    base = tt.MDP(P, R, [1.0, 0.0], 0.9, state_names=("x", "y"))
    tiny = tt.MDP([[[1.0, 2.0**-70]], [[0.0, 1.0]]], [0.0, 1.0], [1.0, 0.0], 0.5)
    flat = sp.csr_array(np.reshape(P, (4, 2)))
    return {
        "float": base,
        "rational": base.to_rational(),
        "csr": base.replace(P=flat),
        "batch": tt.MDP([P, P], [R, R], [1.0, 0.0], [0.5, 0.9]),
        "below the grid": tiny,
        "normalized": tt.MDP(np.multiply(P, 3), R, [1.0, 0.0], 0.9, normalize=True),
        "masked": tt.MDP([[[1.0], [0.0]]], [0.0], [1.0], 0.5, np.array([[True, False]])),
    }


def records() -> dict[str, Any]:
    made: dict[str, Any] = dict(models())
    for name in ("float", "rational", "csr", "batch"):
        mdp = made[name]
        pi, new = tt.policies.uniform(mdp), LEANING
        if mdp.arithmetic == "rational":
            new = [["3/4", "1/4"], ["1/2", "1/2"]]  # type: ignore[list-item]
        pair = tt.Pair(mdp, pi, new)
        made |= {
            f"{name} evaluation": tt.evaluate(mdp, pi),
            f"{name} surrogate": tt.surrogate(tt.evaluate(mdp, pi)),
            f"{name} optimum": tt.optimal(mdp),
            f"{name} claim": next(t for t in tt.THEOREMS if not t.mixture)(pair),
        }
    mdp = made["float"]
    L = made["float surrogate"]
    pair = tt.Pair(mdp, UNIFORM, LEANING)
    made |= {
        "structure": tt.structure(mdp),
        "step": tt.improve.greedy(L),
        "verdicts": tt.verify_pair(pair.exact),
        "paths": tt.sampled.single_path(
            tt.sampled.Simulator(mdp, np.random.default_rng(0)), UNIFORM, 3, 4
        ),
        "moments": tt.sampled.path_moments(mdp, UNIFORM, LEANING),
        "document": tt.formats.from_document(tt.formats.to_document(mdp, {"u": UNIFORM})),
    }
    return made


@pytest.mark.parametrize("way", WAYS)
def test_real_records_survive(way: str) -> None:
    for name, one in records().items():
        other = WAYS[way](one)
        assert type(other) is type(one), name
        mine, theirs = (list(arrays(x, set())) for x in (one, other))
        assert len(mine) == len(theirs), name
        assert mine or name.split()[-1] in ("claim", "moments", "verdicts"), name
        assert not any(x.flags.writeable for x in mine + theirs), name
        for x, y in zip(mine, theirs, strict=True):
            assert np.array_equal(x, y), name


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", models())
def test_copied_model_keeps_its_fields_and_its_values(way: str, name: str) -> None:
    one = models()[name]
    other = WAYS[way](one)
    names = ("state_names", "action_names")
    for field in ("repair", "normalized", "arithmetic", "rewards_on", *names):
        assert getattr(one, field) == getattr(other, field)
    with pytest.raises(ValueError, match="read-only"):
        (other.P.data if other.is_sparse else other.P)[..., 0] = 1
    pi = tt.policies.uniform(one)
    assert np.array_equal(tt.evaluate(one, pi).eta, tt.evaluate(other, pi).eta)


def test_radii_are_equal_by_value_and_have_a_hash() -> None:
    mdp = models()["float"]
    one, other = (tt.evaluate(mdp, UNIFORM).radius for _ in range(2))
    wider = dataclasses.replace(one, V=one.V * 2)
    assert one == other and hash(one) == hash(other)
    assert one != wider and one != "radius"  # type: ignore[comparison-overlap]
    assert len({one, other, wider}) == 2


@pytest.mark.parametrize("name", ["float", "rational", "csr", "batch"])
def test_pairs_are_pickled(name: str) -> None:
    mdp = models()[name]
    pi = tt.policies.uniform(mdp)
    new = [["3/4", "1/4"], ["1/2", "1/2"]] if mdp.arithmetic == "rational" else LEANING
    alpha = "1/4" if mdp.arithmetic == "rational" else 0.25
    for one in (tt.Pair(mdp, pi, new), tt.Pair.mixture(mdp, pi, new, alpha)):
        assert one.L is not None  # quantities are there before it is copied
        for way in WAYS.values():
            other = way(one)
            assert np.array_equal(one.L, other.L) and other.is_mixture == one.is_mixture
            assert np.array_equal(one.eta_new, other.eta_new)
            assert not any(x.flags.writeable for x in (other.pi, other.pi_new, other.mdp.r))
            if one.is_mixture:
                assert np.array_equal(one.eps_target, other.eps_target)


@tt.claim("of a lambda", center="L", when=lambda p: (p.max_tv, "<=", 1))
def weak(p: Any) -> Any:
    return p.eta_new, ">=", p.L - 4 * p.eps * p.gamma / (1 - p.gamma) ** 2 * p.max_tv**2


@pytest.mark.parametrize("way", WAYS)
def test_theorems_and_claims_survive(way: str) -> None:
    exact = models()["rational"]
    pair = tt.Pair(exact, [["1/2", "1/2"]] * 2, [["3/4", "1/4"], ["1/2", "1/2"]])
    for theorem in (*tt.THEOREMS, *(v.claim for v in tt.MISQUOTATIONS), weak):
        other = WAYS[way](theorem)
        assert (other.name, other.text(), other.mixture) == (
            theorem.name, theorem.text(), theorem.mixture,
        )  # fmt: skip
        assert other.condition_text() == theorem.condition_text()
        assert other.center == theorem.center and other.statement.lhs is theorem.statement.lhs
    assert tt.judge(WAYS[way](weak), pair).status == "proved"


def test_misquotations_are_pickled_with_what_refutes_them() -> None:
    for variant in tt.MISQUOTATIONS:
        other = pickle.loads(pickle.dumps(variant))
        assert other.theorem == variant.theorem and other.claim.text() == variant.claim.text()
    last = pickle.loads(pickle.dumps(tt.MISQUOTATIONS[-1]))
    assert tt.judge(last.claim, last.fixture()).status == "refuted"


def test_a_pool_of_processes_judges() -> None:
    mdp = models()["float"]
    pairs = [tt.Pair(mdp, UNIFORM, LEANING), tt.Pair(mdp, LEANING, UNIFORM)]
    with ProcessPoolExecutor(1) as pool:
        far = list(pool.map(tt.judge, [weak, weak], pairs))
    near = [tt.judge(weak, pair) for pair in pairs]
    assert [x.status for x in far] == [x.status for x in near] == ["proved", "proved"]
    assert far == near


DTYPES = ["float16", "float32", "longdouble", "bfloat16"]


@pytest.mark.parametrize("dtype", DTYPES)
def test_policies_of_any_precision_become_exact(dtype: str) -> None:
    ml_dtypes = pytest.importorskip("ml_dtypes")
    kind = np.dtype(getattr(ml_dtypes, dtype, None) or dtype)
    for row in ([0.25, 0.75], [0.5, 0.5], [1.0, 0.0]):
        pi = np.array([row, row[::-1]]).astype(kind)
        assert tt.policies.to_rational(pi).tolist() == [
            [Fraction(x) for x in row], [Fraction(x) for x in row[::-1]],
        ]  # fmt: skip
    pi = np.array([[0.3, 0.7], [0.1, 0.9]]).astype(kind)
    exact = tt.policies.to_rational(pi)
    assert [sum(row) for row in exact.tolist()] == [1, 1]
    assert (
        np.abs(exact.astype(float) - pi.astype(float)).max()
        <= float(np.abs(1 - pi.astype(float).sum(axis=1)).max()) + 2.0**-52
    )


@pytest.mark.parametrize("way", WAYS)
def test_errors_keep_their_problems(way: str) -> None:
    """A pool of processes hands them over by pickles."""
    problem = tt.Problem("row_sum", "P[s=0, a=0]", "sums to 2", "1", "Divide")
    for cls in [*tt.TabularError.__subclasses__(), tt.TabularError]:
        error = cls((problem, problem), 3)
        other = WAYS[way](error)
        assert type(other) is cls and str(other) == str(error) and "3 more problems" in str(other)
        assert (other.problems, other.hidden, other.code) == (error.problems, 3, "row_sum")  # type: ignore[attr-defined]


@pytest.mark.parametrize("way", WAYS)
def test_intervals_are_copied_read_only(way: str) -> None:
    mdp = tt.MDP(P, R, [1.0, 0.0], 0.5)
    pair = tt.Pair(mdp, UNIFORM, LEANING).enclosed()
    for interval in (WAYS[way](pair.V), WAYS[way](pair).V_new, WAYS[way](pair).new.V):
        assert not interval.lo.flags.writeable and not interval.hi.flags.writeable
    assert np.array_equal(WAYS[way](pair.V).hi, pair.V.hi)
