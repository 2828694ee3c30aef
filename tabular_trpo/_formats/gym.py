"""Gymnasium both ways: environments with a table read, models made environments, policies read.

Reading needs no gymnasium, only the attributes of its toy-text environments; `to_gym` needs the
extra `gym`.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tabular_trpo._core.array_input import resolve_labels, row_tolerance
from tabular_trpo._core.errors import (
    ExactnessError,
    InvalidMDPError,
    Problem,
    invalid,
    missing_extra,
)
from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.nearest import nearest
from tabular_trpo._core.normalize import rescaled
from tabular_trpo._core.numbers import (
    Array,
    Scalar,
    elementwise,
    fractions,
    frozen,
    read_array,
    shown,
    zeros,
)
from tabular_trpo._core.overflow import finite
from tabular_trpo._core.policy import uniform
from tabular_trpo._core.policy_checks import check_rows
from tabular_trpo._core.public import public
from tabular_trpo._core.shapes import shape_error
from tabular_trpo._core.validate import totals
from tabular_trpo._families.arguments import generator, size
from tabular_trpo._formats.gym_check import check_table, outcomes
from tabular_trpo._formats.gym_table import OUTCOME, read_table
from tabular_trpo._formats.gym_trust import levels, trust

if TYPE_CHECKING:
    from tabular_trpo._formats.gym_env import TabularEnv

SINK = "terminated"
NEAR = 1e-3  # how far from 1 the sum of a row may be that `normalize` divides


@public
def from_gym(
    env: Any,
    gamma: Scalar,
    rho0: Any = None,
    layout: str = "auto",
    *,
    check_steps: int = 0,
    rng: np.random.Generator | None = None,
) -> MDP:
    """Read the model of a toy-text environment, such as FrozenLake-v1, from its table P.

    States and actions are named by their index.  Transitions that terminate lead to one more
    state, "terminated", the last: absorbing, with reward 0 (it is left out where none terminates);
    a terminal state keeps the row that P has for it, whatever that is.  The same next state twice
    in a row is added up, its reward averaged.  An empty row is an action that is not allowed.
    Time limits are in the spec of an environment and not in P, so they are ignored.  The model is
    in float arithmetic, as the environment is: rows sum to 1 within 1e-9 and are put on the grid
    (`repair` says how far an entry moved).

    P is believed only where steps are drawn from it.  Wrappers that change observations, rewards
    or actions are refused, and so is Taxi's `fickle_passenger`.  A class of your own with its own
    `step` or `reset` is a UserWarning, its wrappers are refused, unless `check_steps` tests it.

    env:    an environment, or a wrapped one, with P[s][a] = [(probability, next_state, reward,
            terminated), ...] and initial_state_distrib (S,)
    gamma:  the discount, in [0, 1), which environments have none of; "0.99" is read as 0.99
    rho0:   (S,) or a mapping from state to probability, in place of initial_state_distrib
    layout: as in `MDP.from_transitions`; "csr" is faster from some hundred states on
    check_steps: play so many random steps, and refuse P where a step is no outcome of it, or where
            frequencies have a chance below 1e-6; the environment is left to be reset
    rng:    a numpy Generator, for `check_steps`
    raises: InvalidMDPError for an environment without P, naming s and a of each wrong row, and for
            an environment that does not play P, naming the class or the step

    >>> from types import SimpleNamespace
    >>> P = {0: {0: [(0.5, 0, 0.0, False), (0.5, 0, 1.0, True)]}}
    >>> mdp = from_gym(SimpleNamespace(P=P, initial_state_distrib=[1.0]), "0.9")
    >>> mdp.state_names, mdp.P[0, 0].tolist(), mdp.r[0, 0].item()
    (('0', 'terminated'), [0.5, 0.5], 0.5)
    """
    table = _find(env, "P")
    if table is None:
        raise _no_table(env)
    steps = size("check_steps", check_steps, 0)
    player = generator(rng) if steps else None
    trust(env, table, tested=steps > 0)
    merged, n_states, n_actions = read_table(table)
    transitions: list[tuple[int, int, int, float, float]] = [(*k, *v) for k, v in merged.items()]
    names = [str(s) for s in range(n_states)]
    start = _start(env, rho0, n_states)
    if any(t == n_states for _, _, t in merged):
        transitions += [(n_states, a, n_states, 1.0, 0.0) for a in range(n_actions)]
        names.append(SINK)
        start = start if isinstance(start, Mapping) else np.append(start, 0.0)
    actions = [str(a) for a in range(n_actions)]
    discount = _doubles("gamma", gamma)
    mdp = MDP.from_transitions(transitions, start, discount, names, actions, layout)
    if player is not None:
        law = mdp.rho0[:n_states] if rho0 is None else None
        check_table(env, outcomes(table), law, steps, player)
    return mdp


@public
def to_gym(mdp: MDP, disallowed: str = "noop") -> "TabularEnv":
    """Return a single model as a gymnasium.Env with Discrete spaces, P and initial_state_distrib.

    In float arithmetic: a rational model is converted by `to_float`.  Entering a state that is
    absorbing with reward 0 under all its actions is `terminated=True`; it gives 0 for ever, so this
    changes no return.  Nothing else terminates, and nothing truncates unless you wrap it by
    gymnasium.wrappers.TimeLimit.  Gymnasium has no discount: it is kept as the attribute `gamma`.
    Steps give r(s, a, s') where the model keeps it, else the expected r(s, a), and are drawn with
    exactly the model's probabilities.

    An action that is not allowed has the empty list in P and 0 in info["action_mask"], (A,) int8,
    which is what env.action_space.sample takes, and what reset and step give.

    disallowed: "noop": a step by it stays in the state, gives the least reward of the model or 0
                if that is less, sets info["noop"] and terminates only where the state has ended;
                this never pays, so the optimal values are those of the model.  "raise": it raises
                InvalidMDPError
    raises:     InvalidMDPError for a batch and for another rule, ExactnessError as `to_float`,
                MissingExtraError

    >>> env = to_gym(MDP([[["1/4", "3/4"]], [[0, 1]]], [2, 0], [1, 0], "9/10"))
    >>> env.P[0][0], env.gamma
    ([(0.25, 0, 2.0, False), (0.75, 1, 2.0, True)], 0.9)
    """
    if mdp.batch_shape:
        got = f"has batch {mdp.batch_shape}"
        raise InvalidMDPError(
            Problem("batch", "mdp", got, "a single model", "Take one model by mdp[i]")
        )
    if disallowed not in ("noop", "raise"):
        got, expected = f"= {shown(disallowed)}", '"noop" or "raise"'
        raise invalid("rule", "disallowed", got, expected)
    try:
        from tabular_trpo._formats.gym_env import TabularEnv
    except ImportError:
        raise missing_extra("gymnasium", "gym") from None
    return TabularEnv(mdp.to_float(), disallowed)


@public
def tabular_policy(fn: Callable[[int], Any], mdp: MDP, normalize: bool = False) -> Array:
    """Return the policy table of a function of the state index, such as a trained agent.

    fn:        returns a row of A probabilities, or the index of one action, which may be an array
               of size 1: lambda s: agent.predict(s)[0], or, where actions are masked,
               lambda s: agent.predict(s, action_masks=mdp.mask[s])[0].  It is not asked about the
               last state of `from_gym`, "terminated", which its environment does not have:
               uniform there
    normalize: divide a row by its sum where that is within 1e-3 of 1, as the float32 rows of a
               network need; otherwise rows sum to 1 within 1e-9, or exactly in rational arithmetic
    return:    (S, A) in the arithmetic of `mdp`, checked, read-only
    raises:    InvalidMDPError naming the states of wrong rows; ExactnessError for float rows of a
               rational model or the reverse

    >>> tabular_policy(lambda s: 1 - s, MDP([[[1, 0], [0, 1]]] * 2, [0.5, 0.0], [1, 0], 0.5))
    array([[0., 1.],
           [1., 0.]])
    """
    pi = zeros((mdp.n_states, mdp.n_actions), mdp.arithmetic == "rational")
    asked = mdp.n_states - _has_sink(mdp)
    for s in range(asked):
        row = _row(f"fn({s})", fn(s), mdp)
        pi[s] = _normalized(row) if normalize else row
    if asked < mdp.n_states:
        pi[asked] = uniform(mdp)[asked]
    try:
        return frozen(check_rows("pi", pi, mdp.mask))
    except InvalidMDPError as error:
        hints = {
            "row_sum": f"normalize=True divides a row by its sum if that is within {NEAR:g} of 1",
            "disallowed": "Ask the agent for an action among mdp.mask[s], as info gave it",
        }
        problems = [
            replace(x, cure=". ".join(filter(None, (x.cure, hints.get(x.code)))))
            for x in error.problems
        ]
        raise InvalidMDPError(problems, error.hidden) from None


def _find(env: Any, name: str) -> Any:
    """Return the attribute of the outermost wrapper that has it, or of the environment inside."""
    values = (getattr(level, name, None) for level in levels(env))
    return next((value for value in values if value is not None), None)


def _called(env: Any) -> str:
    spec = getattr(env, "spec", None)
    inner = getattr(env, "unwrapped", env)
    name: str = getattr(spec, "id", None) or f"the {type(inner).__name__}"
    return name


def _no_table(env: Any) -> InvalidMDPError:
    if isinstance(env, str):
        cure = f"Make it by gymnasium.make({env!r})"
        return invalid("type", "env", f"= {shown(env)}", "an environment", cure)
    expected = f"env.unwrapped.P[s][a] = [{OUTCOME}, ...]"
    cure = (
        "Set env.unwrapped.P if you know its transitions, or build the model by "
        "MDP.from_transitions(...), or from samples by MDP.from_counts(...)"
    )
    return invalid("no_table", _called(env), "has no P", expected, cure)


def _start(env: Any, rho0: Any, n_states: int) -> Any:
    if isinstance(rho0, Mapping):
        return rho0
    name = "rho0" if rho0 is not None else "initial_state_distrib"
    given = rho0 if rho0 is not None else _find(env, name)
    if given is None:
        cure = "Give the start distribution by from_gym(env, gamma, rho0=...)"
        got, expected = "has no initial_state_distrib", f"a distribution over {n_states} states"
        raise invalid("no_start", _called(env), got, expected, cure)
    start = _doubles(name, given)
    if start.shape != (n_states,):
        raise shape_error(name, start.shape, f"({n_states},), the states of P")
    return start


def _doubles(name: str, value: Any) -> Array:
    """Return numbers as doubles, exact ones rounded to the nearest: environments are in floats."""
    kind, array = read_array(name, value)
    if kind != "exact":
        return array
    return np.asarray(finite(name, elementwise(nearest, fractions(name, array), np.float64)))


def _has_sink(mdp: MDP) -> bool:
    """Tell whether the last state is the one that `from_gym` adds."""
    last = mdp.n_states - 1
    if mdp.batch_shape or last == 0 or mdp.state_names[last] != SINK:
        return False
    sparse = mdp.is_sparse
    stays = mdp.P[last * mdp.n_actions :].toarray()[:, last] if sparse else mdp.P[last, :, last]
    return bool(np.all(stays == 1) and np.all(mdp.r[last] == 0))


def _row(where: str, value: Any, mdp: MDP) -> Array:
    """Return what the function gave for a state as a row in the arithmetic of the model."""
    rational, n_actions = mdp.arithmetic == "rational", mdp.n_actions
    value = resolve_labels(where, value, (("action", mdp.action_names),))
    kind, array = read_array(where, value)
    index = array.ndim == 0 or (array.size == 1 and (n_actions > 1 or array.flat[0] == 0))
    if index and kind == "int":
        a = int(array.flat[0])
        if not 0 <= a < n_actions:
            expected = f"an action 0 to {n_actions - 1}"
            raise invalid("index", where, f"= {shown(a)}", expected)
        array = (np.arange(n_actions) == a).astype(np.float64)
    elif array.shape != (n_actions,):
        got = f"= {shown(value)} of shape {array.shape}"
        expected = f"{n_actions} probabilities, or the integer index of an action"
        raise invalid("shape", where, got, expected)
    elif kind != "int" and (kind == "exact") != rational:
        arithmetics = ("exact numbers", "floats") if rational else ("floats", "exact numbers")
        cure = "Return Fractions, or pass mdp.to_float()" if rational else "Return floats"
        raise ExactnessError(
            Problem("lane", where, f"has {arithmetics[1]}", f"{arithmetics[0]}, as mdp has", cure)
        )
    if rational:
        return fractions(where, array, unsigned=True)
    return rescaled(array, row_tolerance(value))


def _normalized(row: Array) -> Array:
    total = totals(row)
    return row / total if abs(total - 1) <= NEAR else row
