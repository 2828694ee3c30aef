"""Whatever the caller's process sets numpy to, every public result is the same, bit for bit."""

import doctest
import importlib
import inspect
import pickle
import pkgutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from fractions import Fraction
from functools import cached_property
from itertools import islice
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import tabular_trpo as tt
from tabular_trpo._core.floating_point import is_guarded

MODULES = sorted(
    info.name
    for info in pkgutil.walk_packages(tt.__path__, "tabular_trpo.")
    if not info.name.startswith(
        ("tabular_trpo._app", "tabular_trpo.check", "tabular_trpo.__main__")
    )
)
STATES: dict[str, dict[str, Any]] = {
    "raise": {"all": "raise"},
    "warn": {"all": "warn"},
}


class Setting(ExitStack):
    """A process whose owner changed what numpy does; warnings are errors in these tests."""

    def __init__(self, state: str) -> None:
        super().__init__()
        self.state = state

    def __enter__(self) -> "Setting":
        super().__enter__()
        self.enter_context(np.errstate(**STATES[self.state]))
        return self


def _surface() -> Iterator[tuple[str, Any]]:
    """Every public function, and what classes in the open define: methods and properties."""
    todo: list[tuple[str, Any]] = [("tt", tt)]
    seen: set[int] = set()
    while todo:
        name, thing = todo.pop()
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        if isinstance(thing, ModuleType):
            own = [
                n for n, x in vars(thing).items() if getattr(x, "__module__", "") == thing.__name__
            ]
            names = getattr(thing, "__all__", [n for n in own if not n.startswith("_")])
            todo += [(f"{name}.{n}", getattr(thing, n)) for n in names if n != "check"]
        elif inspect.isfunction(thing):
            yield name, thing
        elif inspect.isclass(thing) and thing.__module__ != "tabular_trpo._core.errors":
            for member, code in _members(thing):
                yield f"{name}.{member}", code


def _members(cls: type) -> Iterator[tuple[str, Any]]:
    for base in cls.__mro__:
        if base.__module__.startswith("tabular_trpo"):
            for name, member in vars(base).items():
                code = getattr(member, "func", getattr(member, "fget", member))
                code = getattr(code, "__func__", code)
                mine = isinstance(member, cached_property | property | classmethod | staticmethod)
                if inspect.isfunction(code) and (mine or inspect.isfunction(member)):
                    ours = str(code.__module__).startswith("tabular_trpo")
                    if ours and inspect.unwrap(code).__code__.co_filename != "<string>":
                        yield name, code


SURFACE = dict(_surface())


def test_every_public_function_is_guarded() -> None:
    assert len(SURFACE) > 250
    loose = [
        name for name, code in SURFACE.items() if not is_guarded(code) and "__new__" not in name
    ]
    assert loose == []


def test_documented_examples_do_not_change() -> None:
    finder = doctest.DocTestFinder()
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    tried, lines = 0, list[str]()
    for name in MODULES:
        for test in finder.find(importlib.import_module(name)):
            with Setting("raise"):
                result = doctest.DocTestRunner(optionflags=flags).run(test, out=lines.append)
            tried += result.attempted
    assert tried > 200 and lines == []


def _bits(x: Any) -> Any:
    """A result as something that compares bit for bit."""
    if isinstance(x, np.ndarray | np.generic) and x.dtype != object:
        return str(x.dtype), x.shape, x.tobytes()
    if isinstance(x, np.ndarray):
        return x.shape, [_bits(item) for item in x.ravel().tolist()]
    if isinstance(x, float):
        return x.hex()
    if isinstance(x, dict):
        return {str(key): _bits(value) for key, value in x.items()}
    if isinstance(x, list | tuple):
        return [_bits(item) for item in x]
    if isinstance(x, tt.MDP):
        return _bits([x.P, x.r, x.rho0, x.gamma])
    if hasattr(x, "__dataclass_fields__"):
        names = [n for n in x.__dataclass_fields__ if n not in ("seconds", "rule", "stopped")]
        return [_bits(getattr(x, n)) for n in names]
    if hasattr(x, "lo") and hasattr(x, "hi"):
        return _bits([x.lo, x.hi])
    return repr(x) if isinstance(x, str | int | Fraction | None.__class__) else type(x).__name__


def _models(rng: np.random.Generator) -> dict[str, tuple[tt.MDP, Any, Any]]:
    """Ordinary pairs, and pairs whose numbers underflow, overflow nearly, or end in 0."""
    plain = tt.families.random.dirichlet(rng, 4, 3, 0.9, concentration=0.3)
    tiny = np.full((3, 2, 3), 1e-200)
    tiny[..., 0] = 1.0
    mask = np.array([[True, True], [True, False], [True, True]])
    small = tt.MDP(tiny * mask[..., None], rng.normal(size=(3, 2)) * 1e-300 * mask, [0.0, 1.0, 0.0],
                   0.999, mask)  # fmt: skip
    large = tt.MDP(plain.P, plain.r * 1e150, plain.rho0, 0.99)
    steep = np.array([[1 - 2**-40, 2.0**-40], [1.0, 0.0], [1.0, 1e-310]])
    flat = np.array([[1e-200, 1.0], [1.0, 0.0], [0.5, 0.5]])
    pi, new = (tt.families.random.policy(rng, plain, 0.05) for _ in range(2))
    return {"plain": (plain, pi, new), "small": (small, steep, flat), "large": (large, new, pi)}


def _told(f: Callable[[], Any]) -> Any:
    """The bits of a result, or the words of an error of ours, or of numpy's own warning."""
    try:
        return _bits(f())
    except (tt.TabularError, RuntimeWarning) as error:
        return type(error).__name__, str(error)


def _results(mdp: tt.MDP, pi: Any, new: Any) -> dict[str, Any]:
    """What the public functions say of a pair."""
    ev = tt.evaluate(mdp, pi)
    L, pair = tt.surrogate(ev), tt.Pair(mdp, pi, new)
    theta = np.where(mdp.mask, np.linspace(-400.0, 400.0, mdp.n_actions), 0.0)
    improve, sampled = tt.improve, tt.sampled

    def mixed() -> tt.Pair:
        return tt.Pair.mixture(mdp, pi, new, 0.25)

    names = sorted(set().union(*(t.names() for t in tt.THEOREMS)))
    calls: dict[str, Callable[[], Any]] = {
        "evaluate": lambda: ev,
        "optimal": lambda: tt.optimal(mdp),
        "kl": lambda: [tt.kl(ev.pi, pair.pi_new), tt.tv(ev.pi, pair.pi_new)],
        "surrogate": lambda: [L, L.value(new), L.radius(new), L.gradient(new), L.gain(pair.pi_new)],
        "penalty": lambda: tt.penalty(ev),
        "verify": lambda: list(tt.verify(mdp, pi, new, arithmetic="float")),
        "text": lambda: [str(v) for v in tt.verify(mdp, pi, new, arithmetic="float")],
        "softmax": lambda: tt.policies.softmax(theta),
        "mixture": lambda: tt.policies.mixture(ev.pi, pair.pi_new, 1e-200),
        "mirror": lambda: improve.mirror(L, 1e-3),
        "natural": lambda: improve.natural(L, np.zeros(mdp.r.shape), 0.1),
        "natural_fixed": lambda: improve.natural_fixed(L, theta, 1e-3),
        "rwr": lambda: improve.rwr(L, np.full(mdp.r.shape, 1e-310)),
        "best_alpha": lambda: improve.best_alpha(mdp, pi, new),
        "iterate": lambda: list(
            islice(improve.iterate(mdp, pi, lambda ev, L: improve.max_kl(L, 1e-8)), 2)
        ),
        "moments": lambda: sampled.path_moments(mdp, pi, new, 3),
        "return_moments": lambda: sampled.return_moments(mdp, pi),
        "trpo": lambda: list(
            islice(sampled.trpo(mdp, sampled.Paths(4, 5), np.random.default_rng(0)), 2)
        ),
        "structure": lambda: tt.structure(mdp, pi),
        "dumps": lambda: tt.formats.dumps(tt.formats.to_document(mdp)),
    }
    for name in ("conservative", "greedy"):
        calls[name] = lambda name=name: getattr(improve, name)(L)  # type: ignore[misc]
    for name in ("max_kl", "mean_kl", "mean_kl_penalty", "minorize", "tv_constraint", "tv_penalty"):
        for size in (1e-300, 0.1):
            calls[f"{name} {size}"] = lambda name=name, size=size: getattr(improve, name)(L, size)  # type: ignore[misc]
    for name in names:
        calls[f"pair.{name}"] = lambda name=name: getattr(mixed(), name)  # type: ignore[misc]
        calls[f"enclosed.{name}"] = lambda name=name: getattr(  # type: ignore[misc]
            tt.Pair(mdp, pi, new).enclosed(), name
        )
    told = {}
    for name, call in calls.items():
        try:
            told[name] = _told(call)
        except (ZeroDivisionError, ValueError, AttributeError, TypeError) as error:  # no value
            told[name] = type(error).__name__
    return told


@pytest.mark.parametrize("kind", ["plain", "small", "large"])
def test_results_are_the_same_bit_for_bit(kind: str, rng: np.random.Generator) -> None:
    given = _models(rng)[kind]
    plain = _results(*given)
    for state in STATES:
        with Setting(state):
            changed = _results(*given)
        assert {name for name in plain if plain[name] != changed[name]} == set(), state


def test_methods_of_sampling_do_not_change() -> None:
    methods = tt.sampled.methods
    mdp = tt.families.random.dirichlet(np.random.default_rng(0), 3, 2, 0.9)

    def first(name: str) -> Any:
        sim = tt.sampled.Simulator(mdp, np.random.default_rng(1))
        members = tt.improve.SoftmaxClass((3, 2))
        run = methods.METHODS[name].run(mdp, sim, members, methods.Settings(batch=100))
        return _bits(list(islice(run, 3)))

    for name in methods.METHODS:
        plain = first(name)
        with Setting("raise"):
            assert first(name) == plain, name


def test_every_public_function_is_one_object_wherever_it_is_named() -> None:
    for name, code in SURFACE.items():
        if "<locals>" not in code.__qualname__ and "." not in code.__qualname__:
            assert pickle.loads(pickle.dumps(code)) is code, name
            assert inspect.unwrap(code) is not code, name
