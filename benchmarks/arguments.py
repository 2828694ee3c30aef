"""Valid and invalid values of each kind of argument, drawn for `benchmarks.doors`.

A kind is a pair of functions of a `World`: `valid` returns one value that the function must take,
`invalid` a list of values, none of which it may take. What is invalid is so by construction: a
value of another type, of another shape, out of range, of the other arithmetic, or too large.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

import tabular_trpo as tt
from benchmarks.worlds import HORIZON, World

Values = Callable[[World], list[Any]]


@dataclass(frozen=True)
class Kind:
    """How to draw a valid value, and a list of invalid ones."""

    valid: Callable[[World], Any]
    invalid: Values


class Strange:
    """An object of no known type, whose conversion to an array or a number raises."""

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        """Raise."""
        raise RuntimeError("no array")

    def __float__(self) -> float:
        """Raise."""
        raise RuntimeError("no number")


HUGE = 10**5000
THINGS: tuple[Any, ...] = (b"x", {1: 2}, {1, 2}, object(), Strange(), Ellipsis, len, dict, 1j)
NUMBERS: tuple[Any, ...] = (3, 2.5, -1, True, math.nan, HUGE, Fraction(1, 3))
TEXTS: tuple[Any, ...] = ("", "nonsense", "1/0", "nan")
LISTS: tuple[Any, ...] = ([], [[]], [[1, 2], [3]], [None], ["a", "b"], np.zeros((2, 3, 4, 5, 6)))
ODD_NUMBERS: tuple[Any, ...] = (
    Decimal("sNaN"),
    Decimal("NaN"),
    np.float64("nan"),
    np.datetime64(1, "s"),
)


def record(get: Callable[[World], Any], *more: Any) -> Kind:
    """Return the kind of an argument of one class, to which nothing else belongs."""
    return Kind(get, lambda w: [None, *THINGS, *NUMBERS, *TEXTS, *LISTS, w.pi, *more])


def whole(valid: Callable[[World], int], least: int, optional: bool = False) -> Kind:
    """Return the kind of a count that is at least `least`, and small enough to be carried out."""
    wrong = [
        least - 1,
        -(10**30),
        2.5,
        math.nan,
        math.inf,
        "3",
        [3],
        np.array([1, 2]),
        True,
        10**400,
    ]
    return Kind(valid, lambda w: [*wrong, HUGE, *THINGS, *TEXTS, *([] if optional else [None])])


def unit(valid: Callable[[World], Any], *wrong: Any) -> Kind:
    """Return the kind of a number; the values in `wrong` are out of its range."""
    odd = [None, *THINGS, *TEXTS, *LISTS, *ODD_NUMBERS, HUGE, -HUGE, math.nan, math.inf, -math.inf]
    return Kind(valid, lambda w: [*wrong, *odd])


def choice(*words: str, optional: bool = False) -> Kind:
    """Return the kind of a word out of a few."""
    wrong = [*THINGS, *NUMBERS, *TEXTS, *LISTS, words[0].upper(), *([] if optional else [None])]
    return Kind(lambda w: words[w.rng.integers(len(words))], lambda w: wrong)


def table(get: Callable[[World], Any], *more: Callable[[World], Any]) -> Kind:
    """Return the kind of an array of numbers of one shape and one arithmetic."""
    return Kind(get, lambda w: [*_arrays(w, np.asarray(get(w))), *(x(w) for x in more)])


def batched(get: Callable[[World], Any]) -> Kind:
    """Return the kind of an array that may have leading axes and any length."""
    return Kind(get, lambda w: [x for x in _arrays(w, np.asarray(get(w))) if not _plain(x)])


def without_lead(kind: Kind) -> Kind:
    """Return the kind that takes leading axes, too."""
    return Kind(kind.valid, lambda w: [x for x in kind.invalid(w) if getattr(x, "ndim", 0) != 3])


def _plain(x: Any) -> bool:
    small = type(x) is np.ndarray and x.dtype == np.float64 and x.size < 1000
    fractions = type(x) is np.ndarray and all(type(v) is Fraction for v in x[:9].flat)
    return fractions or (small and bool(np.isfinite(x).all()))


def _arrays(w: World, x: Any) -> list[Any]:
    """Return values that are no array of the shape and arithmetic of x, all of it numbers."""
    bad = [None, *THINGS, *TEXTS, *LISTS[:5], w.mdp, w.ev, math.nan]
    junks = [math.nan, math.inf, None, "x", 1j, Decimal("sNaN")]
    junks += [[1]] if x.size > 1 else []
    junks += [HUGE] if x.dtype != object else []
    for junk in junks:
        y = np.array(x, dtype=object)
        y.flat[0] = junk
        bad.append(y.tolist() if isinstance(junk, list) else y)
    bad.append(np.stack([x, x, x]))
    bad.append(np.concatenate([x, x[:1]]))
    bad.append(np.broadcast_to(np.float64(0.5), (10**8, 10**7)))
    bad.append(np.asarray(x, dtype=float).astype(complex))
    bad.append(np.ma.masked_array(np.asarray(x, dtype=float), mask=np.ones(x.shape, dtype=bool)))
    if x.dtype == object:
        bad.append(np.asarray(x, dtype=float) + 0.1)
    return bad


def rows(get: Callable[[World], Any], *more: Callable[[World], Any]) -> Kind:
    """Return the kind of an array whose last axis sums to one."""
    wrong = (lambda w: 2 * get(w), lambda w: -get(w), lambda w: 0 * get(w))
    return table(get, *wrong, *more)


def indices(get: Callable[[World], Any]) -> Kind:
    """Return the kind of an array of indices."""

    def invalid(w: World) -> list[Any]:
        x = np.asarray(get(w))
        wild = [x + 10**6, x - 10**6, x + 0.5, x.astype(float) * math.nan, x.astype(str), [x, [1]]]
        return [*wild, x[None], None, *THINGS, *TEXTS, HUGE, [HUGE] * len(x), w.mdp]

    return Kind(get, invalid)


def names(get: Callable[[World], list[str]]) -> Kind:
    """Return the kind of a list of distinct names, one for each state or action."""
    return Kind(
        get,
        lambda w: [
            *THINGS[:1], *THINGS[3:], 3, math.nan, "nonsense", [*get(w), "one more"], [None] * len(get(w)),
            [3] * len(get(w)), [""] * len(get(w)), get(w)[1:] + [[]], get(w)[:1] * 2 + get(w)[2:],
        ],
    )  # fmt: skip


def function(valid: Callable[[World], Any], optional: bool = False) -> Kind:
    """Return the kind of a callable."""
    wrong = [*THINGS[:6], *NUMBERS, *TEXTS, *LISTS]
    return Kind(valid, lambda w: wrong if optional else [None, *wrong])


def anything(get: Callable[[World], Any], *wrong: Any) -> Kind:
    """Return a kind whose invalid values are listed."""
    return Kind(get, lambda w: list(wrong))


FLAG = Kind(lambda w: bool(w.rng.random() < 0.5), lambda w: [None, 3, "yes", 0.0, [], *THINGS[:6]])


def lane_number(text: str, floating: float) -> Callable[[World], Any]:
    """Return a number in the arithmetic of the world."""
    return lambda w: Fraction(text) if w.rational else floating


def transposed(x: Any) -> Any:
    """Return the array with its axes reversed and one more row, a shape that never fits."""
    return np.concatenate([x.T, x.T[:1], x.T[:1]])


def disallowed(w: World) -> Any:
    """Return a policy that takes an action which is not allowed, or no policy at all."""
    x = np.array(w.pi)
    if not w.masked:
        return None
    s, a = np.argwhere(~w.allowed)[0]
    x[s] = 0 * x[s]
    x[s, a] = 1 + 0 * x[s, a]
    return x


GAMMA_WRONG = (1, -1, 2, Fraction(-1, 3), "3/2")
KINDS: dict[str, Kind] = {
    "share": unit(lambda w: "1/4", -1, 100),
    "mapping": anything(lambda w: w.document, None, 3, "x", [], object(), b"x", len),
    "float_table": table(lambda w: w.float_pi, lambda w: transposed(w.float_pi)),
    "one": whole(lambda w: 1, 1, optional=True),
    "none": Kind(lambda w: None, lambda w: []),
    "text_gamma": unit(lambda w: "1/2", *GAMMA_WRONG),
    "above": unit(lambda w: 0.5, -1, 0),
    "sign": anything(lambda w: -1, None, 3, "x", [], object(), math.nan),
    "float_probability": Kind(lambda w: None, lambda w: [-1, 2, "x", math.nan, *THINGS]),
    "two_actions_of_0": indices(lambda w: np.full(2, w.allowed[0].argmax())),
    "two_weights": table(lambda w: np.ones(2), lambda w: -np.ones(2)),
    "ones": table(lambda w: np.ones((w.S, w.A)), lambda w: -np.ones((w.S, w.A))),
    "ratio": record(lambda w: w.ratio),
    "full_vine": record(lambda w: w.full_vine),
    "reset_sim": record(lambda w: w.at_0),
    "curve": record(lambda w: w.curve),
    "run_budget": whole(lambda w: 100, 0),
    "damping": unit(lambda w: 0.1, -1, -0.5),
    "direction": choice("natural", "vanilla"),
    "accept": choice("improve_and_kl", "always"),
    "divergence": choice("mean_kl", "max_kl"),
    "path": anything(lambda w: w.path, None, 2.5, [], object(), "no such file", len, "a\0b"),
    "new_path": anything(
        lambda w: w.folder / "new.mdp.json", None, 2.5, [], object(), "no/such/folder/x", len
    ),
    "env": anything(lambda w: tt.to_gym(w.floats), None, 3, "x", [], object(), len),
    "policies": anything(
        lambda w: {"pi": w.pi}, 3, "x", [3], {3: 4}, {"pi": 3}, {"pi": [[2]]}, object(), len
    ),
    "expected": anything(lambda w: {}, 3, "x", [3], object(), len),
    "rational_mdp": record(lambda w: w.exact[0]),
    "rational_pi": rows(lambda w: w.exact[1]),
    "rational_step": record(lambda w: w.exact[2]),
    "rational_pair": record(lambda w: w.pair.to_rational()),
    "mdp": record(lambda w: w.mdp, tt.MDP),
    "float_models": Kind(lambda w: w.floats, lambda w: [None, *THINGS, *NUMBERS, *TEXTS, w.pi]),
    "unchecked": Kind(lambda w: w.pi, lambda w: [None, *THINGS, *TEXTS, 3, w.pi[None, None]]),
    "weights": Kind(
        lane_number("1/4", 0.25), lambda w: [-1, 2, None, *THINGS, *TEXTS, HUGE, math.nan, math.inf]
    ),
    "lead_table": without_lead(table(lambda w: w.pi)),
    "lead_pi": without_lead(rows(lambda w: w.pi)),
    "some_rows": Kind(lambda w: w.pi, lambda w: [None, *THINGS, *TEXTS, 3, 2 * w.pi, -w.pi]),
    "one_rows": Kind(lambda w: w.float_pi, lambda w: [None, *THINGS, *TEXTS, 3, 2 * w.pi, -w.pi]),
    "single": Kind(
        lambda w: w.mdp, lambda w: [None, *THINGS, *NUMBERS, *TEXTS, *LISTS, w.pi, w.batch]
    ),
    "floats": Kind(lambda w: w.floats, lambda w: [None, *THINGS, *NUMBERS, *TEXTS, w.batch]),
    "pi": rows(lambda w: w.pi, disallowed, lambda w: transposed(w.pi)),
    "pi_new": rows(lambda w: w.pi_new, disallowed, lambda w: transposed(w.pi)),
    "float_pi": rows(lambda w: w.float_pi, lambda w: transposed(w.float_pi)),
    "P": rows(lambda w: w.P, lambda w: w.P[0]),
    "r": table(lambda w: w.r, lambda w: w.r[None, None]),
    "rho0": rows(lambda w: w.rho0),
    "exact_rho0": anything(
        lambda w: [Fraction(1, w.S)] * w.S, None, 3, "x", [], [0.5, 0.5], [2], *THINGS
    ),
    "exact_r": anything(
        lambda w: [[Fraction(1)] * w.A] * w.S, None, "x", [], [0.5], [[None]], *THINGS
    ),
    "gamma": unit(lane_number("1/2", 0.5), *GAMMA_WRONG),
    "exact_gamma": unit(lambda w: "1/2", 0.5, *GAMMA_WRONG),
    "allowed": Kind(
        lambda w: w.allowed if w.masked else None,
        lambda w: [3, "x", [], [[]], [[1, 2], [3]], ~w.allowed, w.allowed[None], w.P, *THINGS],
    ),
    "mask": Kind(
        lambda w: w.allowed,
        lambda w: [3, "x", [], [[1, 2], [3]], 0 * w.allowed, w.allowed[None], *THINGS],
    ),
    "state_names": names(lambda w: w.state_names),
    "action_names": names(lambda w: w.action_names),
    "counts": anything(
        lambda w: w.counts,
        None,
        3,
        "x",
        [],
        [[1]],
        [[[0]]],
        [[[-1]]],
        [[[0.5]]],
        [[["a"]]],
        *THINGS,
    ),
    "transitions": Kind(
        lambda w: w.transitions,
        lambda w: [
            None,
            3,
            "x",
            [],
            [()],
            [(0, 0)],
            [3],
            *THINGS,
            w.transitions * 2,
            *[
                _with(w, i, x)
                for i in range(5)
                for x in (None, [0], [1], -1.5, "x", HUGE, math.nan, 1j)
            ],
        ],
    ),
    "layout": choice("dense"),
    "auto_layout": choice("auto", "dense"),
    "lane": choice("auto"),
    "bits": Kind(lambda w: 4096, lambda w: [0, -1, 2.5, math.nan, "x", None, [3], *THINGS]),
    "n": whole(lambda w: int(w.rng.integers(2, 6)), 0),
    "n_actions": whole(lambda w: int(w.rng.integers(2, 4)), 1),
    "paths": whole(lambda w: int(w.rng.integers(2, 6)), 0),
    "horizon": whole(lambda w: int(w.rng.integers(1, HORIZON + 1)), 0, optional=True),
    "steps": whole(lambda w: int(w.rng.integers(1, HORIZON + 1)), 0),
    "optional_count": whole(lambda w: int(w.rng.integers(1, 4)), 0, optional=True),
    "branching": whole(lambda w: 1, 1),
    "seed": whole(lambda w: int(w.rng.integers(100)), 0),
    "rng": record(lambda w: np.random.default_rng(0), np.random, np.random.RandomState(0)),
    "probability": unit(lane_number("1/4", 0.25), -1, 2, Fraction(9, 8)),
    "text_probability": unit(lambda w: "1/4", -1, 2),
    "lane_positive": Kind(
        lane_number("1/2", 0.5),
        lambda w: [
            -1,
            Fraction(-1, 2),
            None,
            *THINGS,
            *TEXTS,
            *LISTS,
            *ODD_NUMBERS,
            -HUGE,
            math.nan,
        ],
    ),
    "reward": Kind(lambda w: 2, lambda w: [None, *THINGS, *TEXTS, *LISTS, *ODD_NUMBERS, math.nan]),
    "flag": FLAG,
    "ev": record(lambda w: w.ev, tt.Evaluation),
    "L": record(lambda w: w.L, tt.Surrogate),
    "float_L": record(lambda w: w.float_L, tt.Surrogate),
    "pair": record(lambda w: w.pair, tt.Pair),
    "theorem": record(lambda w: tt.THEOREMS[w.rng.integers(5)], len),
    "theorems": anything(
        lambda w: ["trpo_bound"], 3, "trpo_bound", [3], ["nonsense"], [None], *THINGS[3:]
    ),
    "tv_step": record(lambda w: w.tv_step),
    "theta": table(lambda w: w.theta, lambda w: transposed(w.theta)),
    "policy_class": Kind(lambda w: w.members, lambda w: [*THINGS, *NUMBERS, *TEXTS, w.pi]),
    "members": record(lambda w: w.members),
    "sim": record(lambda w: w.sim, tt.sampled.Simulator),
    "rollouts": record(lambda w: w.rollouts),
    "vine": record(lambda w: w.vine),
    "Q": table(lambda w: w.r, lambda w: transposed(w.r)),
    "weight": table(lambda w: np.ones(w.S), lambda w: -np.ones(w.S)),
    "baseline": table(lambda w: np.zeros(w.S)),
    "lane_baseline": table(lambda w: w.rho0),
    "actions": indices(lambda w: w.allowed.argmax(axis=1)),
    "uniforms": table(
        lambda w: np.array([0.25, 0.5]), lambda w: np.array([1.0, 2.0]), lambda w: [-1.0, 0]
    ),
    "two_states": indices(lambda w: np.zeros(2, dtype=int)),
    "groups": anything(
        lambda w: np.zeros(w.S, dtype=int), 3, None, "x", [], [[0]], [0.5], [None], *THINGS
    ),
    "weighting": choice("discounted"),
    "document": anything(
        lambda w: w.document, None, 3, "x", [], {}, {"mdp": 3}, object(), b"x", math.nan
    ),
    "certificate": anything(
        lambda w: w.certificate, None, 3, "x", [], {}, {"version": 1}, object(), b"x"
    ),
    "title": anything(lambda w: "my bound", None, 3, "", [], *THINGS),
    "formula": function(lambda w: lambda p: (p.eta, "<=", p.eta)),
    "around": anything(lambda w: "L", "nonsense", 3, [], *THINGS),
    "budget": Kind(lambda w: 0.01, lambda w: [-1, 0, *THINGS, *TEXTS, *LISTS, HUGE, math.nan]),
    "grid": Kind(
        lambda w: np.arange(3.0),
        lambda w: [x for x in _arrays(w, np.arange(3.0)) if not (_plain(x) and x.ndim == 1)],
    ),
    "curves": anything(lambda w: [w.curve], None, 3, "x", [], [3], [None], object(), len),
    "method": choice("exact", "single_path"),
    "settings": record(lambda w: tt.sampled.methods.Settings(100, horizon=3)),
    "path_function": function(lambda w: lambda path: path.rewards.sum()),
    "step_function": function(lambda w: lambda ev, L: tt.improve.greedy(L)),
    "float_step_function": function(lambda w: lambda L, theta: tt.improve.natural(L, theta, 0.1)),
    "source": Kind(
        lambda w: tt.sampled.Paths(4, HORIZON), lambda w: [None, *NUMBERS, *TEXTS, *LISTS]
    ),
    "rules": anything(
        lambda w: [tt.improve.stopping.iterations(1)], 3, "x", [3], [None], object(), len
    ),
    "agent": function(lambda w: lambda s: w.float_pi[s]),
    "start": anything(lambda w: [w.pair], 3, "x", [3], [None], object(), len),
    "shape": anything(
        lambda w: (2, 2), None, 3, "x", [], (0, 1), (2,), (2.5, 1), (HUGE, 1), *THINGS
    ),
    "features": anything(
        lambda w: np.arange(8.0).reshape(2, 2, 2),
        3,
        "x",
        [],
        [[1]],
        [[[math.nan]]],
        [[["x"]]],
        *THINGS,
    ),
    "code": anything(lambda w: None, 3, "x", [], [9] * 9, [None], object(), len),
    "walls": anything(lambda w: (), 3, "x", [3], [(1,)], [(99, 99)], [("a", "b")], object(), len),
    "batch_shape": anything(
        lambda w: (2,), 3, "x", (-1,), (2.5,), (HUGE,), (10**12,), object(), len
    ),
    "logits": batched(lambda w: np.zeros((w.S, w.A))),
    "row": batched(lambda w: w.rho0),
    "array": Kind(lambda w: w.pi, lambda w: [None, *THINGS, *NUMBERS, *TEXTS, [1], 2 * w.pi]),
    "pi_name": anything(lambda w: "pi", None, 3, [], object(), len),
    "word": anything(lambda w: "word", None, 3, [], object(), len),
    "level": whole(lambda w: 2, 0),
    "delta": unit(lambda w: 0.1, -1, -0.5),
    "why": anything(lambda w: "a model", None, 3, [], object(), b"x", len),
}


def _with(w: World, i: int, value: Any) -> list[tuple[Any, ...]]:
    """Return the transitions with one field of the first row replaced."""
    row = list(w.transitions[0])
    row[i] = value
    return [tuple(row), *w.transitions[1:]]
