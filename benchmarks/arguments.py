"""The kinds of arguments of the public functions by name, for `benchmarks.invalid_input`."""

import math
from fractions import Fraction
from typing import Any

import numpy as np

import tabular_trpo as tt
from benchmarks.kinds import (
    FLAG,
    HUGE,
    LISTS,
    NUMBERS,
    ODD_NUMBERS,
    TEXTS,
    THINGS,
    Kind,
    _arrays,
    _plain,
    anything,
    batched,
    choice,
    disallowed,
    either_number,
    function,
    indices,
    names,
    record,
    rows,
    table,
    transposed,
    unit,
    whole,
    without_lead,
)
from benchmarks.worlds import HORIZON, World
from tabular_trpo._improve.stopping import iterations

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
    "rule": Kind(lambda w: "always", lambda w: [*THINGS[:6], *NUMBERS, *TEXTS, *LISTS, "ALWAYS"]),
    "rewards": Kind(lambda w: w.r, lambda w: [None, *THINGS, *TEXTS, 3, w.r[None, None]]),
    "any_states_pi": Kind(
        lambda w: w.float_pi, lambda w: [None, *THINGS, *TEXTS, 3, 2 * w.float_pi, -w.float_pi]
    ),
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
    "weights_of_rows": Kind(lambda w: w.pi, lambda w: [None, *THINGS, *TEXTS, 3, -w.pi]),
    "unchecked": Kind(lambda w: w.pi, lambda w: [None, *THINGS, *TEXTS, 3, w.pi[None, None]]),
    "weights": Kind(
        either_number("1/4", 0.25),
        lambda w: [-1, 2, None, *THINGS, *TEXTS, HUGE, math.nan, math.inf],
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
    "gamma": unit(either_number("1/2", 0.5), *GAMMA_WRONG),
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
            *[_with(w, i, x) for i in range(5) for x in (None, [0], [1], "x", math.nan, 1j)],
        ],
    ),
    "layout": choice("dense"),
    "auto_layout": choice("auto", "dense"),
    "arithmetic": choice("auto"),
    "bits": Kind(lambda w: 4096, lambda w: [0, -1, 2.5, math.nan, "x", None, [3], *THINGS]),
    "n": whole(lambda w: int(w.rng.integers(2, 6)), 0),
    "n_actions": whole(lambda w: int(w.rng.integers(2, 4)), 1),
    "paths": whole(lambda w: int(w.rng.integers(2, 6)), 0),
    "horizon": whole(lambda w: int(w.rng.integers(1, HORIZON + 1)), 0, optional=True),
    "steps": whole(lambda w: int(w.rng.integers(1, HORIZON + 1)), 0),
    "optional_count": whole(lambda w: int(w.rng.integers(1, 4)), 0, optional=True),
    "branching": whole(lambda w: 1, 1),
    "seed": whole(lambda w: int(w.rng.integers(100)), 0),
    "rng": record(lambda w: np.random.default_rng(0), np.random),
    "probability": unit(either_number("1/4", 0.25), -1, 2, Fraction(9, 8)),
    "text_probability": unit(lambda w: "1/4", -1, 2),
    "number_positive": Kind(
        either_number("1/2", 0.5),
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
    "counted": record(lambda w: w.counted),
    "empirical": record(lambda w: w.empirical),
    "stream": record(lambda w: w.stream),
    "critic": choice("least_squares", "td_lambda", "monte_carlo", "none"),
    "off_policy_method": choice("importance_sampling", "per_decision"),
    "gradient": record(lambda w: tt.sampled.gradient_moments(w.mdp, w.pi)),
    "one_or_two": whole(lambda w: int(w.rng.integers(1, 3)), 0),
    "vine": record(lambda w: w.vine),
    "Q": table(lambda w: w.r, lambda w: transposed(w.r)),
    "weight": table(lambda w: np.ones(w.S), lambda w: -np.ones(w.S)),
    "baseline": table(lambda w: np.zeros(w.S)),
    "number_baseline": table(lambda w: w.rho0),
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
    "center": anything(lambda w: "L", "nonsense", 3, [], *THINGS),
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
    "rules": anything(lambda w: [iterations(1)], 3, "x", [3], [None], object(), len),
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
    "half_to_one": Kind(lambda w: 0.9, lambda w: [0.2, 1, 2, "x", math.nan, *THINGS]),
    "why": anything(lambda w: "a model", None, 3, [], object(), b"x", len),
}


def _with(w: World, i: int, value: Any) -> list[tuple[Any, ...]]:
    """Return the transitions with one field of the first row replaced."""
    row = list(w.transitions[0])
    row[i] = value
    return [tuple(row), *w.transitions[1:]]
