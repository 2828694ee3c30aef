"""Gymnasium both ways: a model read from an environment's table, and an environment of a model.

Reading needs no gymnasium, only the attributes of its toy-text environments; `to_gym` needs the
extra `gym`.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from tabular_trpo._core.errors import InvalidMDPError, invalid, missing_extra
from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.nearest import nearest
from tabular_trpo._core.numbers import Array, Scalar, elementwise, fractions, read_array, shown
from tabular_trpo._core.overflow import finite
from tabular_trpo._core.public import public
from tabular_trpo._core.shapes import shape_error
from tabular_trpo._families.arguments import generator, size
from tabular_trpo._formats.gym_check import check_table, outcomes
from tabular_trpo._formats.gym_table import OUTCOME, merge, read_rows
from tabular_trpo._formats.gym_trust import levels, trust

if TYPE_CHECKING:
    from tabular_trpo._formats.gym_env import TabularEnv

SINK = "terminated"  # the name of the state that outcomes with terminated=True lead to


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
    """Return the model of a toy-text environment, such as FrozenLake-v1, read from its table P.

    P(s'|s, a) is the sum of the probabilities that P[s][a] lists for s', and r(s, a, s') the mean
    of their rewards.  States and actions are named by their index.  Outcomes that terminate lead to
    one more state, the last, "terminated", which is absorbing with reward 0; it is left out where
    no outcome terminates.  The row of a terminal state itself is kept as it is in P.  An empty list
    is an action that is not allowed.  Time limits belong to the spec of an environment and not to
    P; they are ignored.  The model is in float arithmetic; its rows may miss 1 by 1e-9 and are put
    on the grid k / 2^53 (`MDP.repair` is the largest change).

    P is accepted only where the environment draws its steps from it.  Wrappers that change
    observations, rewards or actions are refused, and so is Taxi's `fickle_passenger`.  Of a class
    that is not listed in docs/formats.md, an environment gives a UserWarning and a wrapper is
    refused, unless `check_steps` tests the table.

    env:    an environment, wrapped or not, with P[s][a] = [(probability, next_state, reward,
            terminated), ...] and initial_state_distrib (S,)
    gamma:  the discount, in [0, 1), which environments do not have; "0.99" is read as 0.99
    rho0:   (S,) or a mapping from state to probability, in place of initial_state_distrib
    layout: as in `MDP.from_transitions`; "csr" is faster from some hundred states on
    check_steps: how many random steps are played to test P.  P is refused where a step is not among
            its outcomes, and where the frequencies have a chance below 1e-6; the environment needs
            a reset afterwards
    rng:    a numpy Generator, for `check_steps`
    raises: InvalidMDPError for an environment without P, naming s and a of each wrong row, and for
            an environment whose steps do not follow P, naming the class or the step

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
    rows = read_rows(table)
    n_states, n_actions = 1 + max(s for s, _ in rows), 1 + max(a for _, a in rows)
    transitions, start = merge(rows), _start(env, rho0, n_states)
    names = [str(s) for s in range(n_states)]
    if any(t == n_states for _, _, t, _, _ in transitions):
        transitions += [(n_states, a, n_states, 1.0, 0.0) for a in range(n_actions)]
        names.append(SINK)
        start = start if isinstance(start, Mapping) else np.append(start, 0.0)
    actions = [str(a) for a in range(n_actions)]
    discount = _doubles("gamma", gamma)
    mdp = MDP.from_transitions(transitions, start, discount, names, actions, layout)
    if player is not None:
        tested = mdp.rho0[:n_states] if rho0 is None else None
        check_table(env, outcomes(rows), tested, steps, player)
    return mdp


@public
def to_gym(mdp: MDP, disallowed: str = "noop") -> "TabularEnv":
    """Return a single model as a gymnasium.Env with Discrete spaces, P and initial_state_distrib.

    Rational models are converted by `to_float`.  Steps are drawn with exactly the probabilities of
    the model, and give r(s, a, s') where the model has it, else the mean r(s, a).  A step is
    `terminated` where it enters a state that is absorbing with reward 0 under all its actions,
    which changes no return.  No step is truncated; gymnasium.wrappers.TimeLimit does that.
    Gymnasium has no discount: it is the attribute `gamma`.

    An action that is not allowed has an empty list in P and 0 in info["action_mask"], (A,) int8,
    which `reset` and `step` return and `env.action_space.sample` takes.

    disallowed: what a step by an action that is not allowed does.  "noop": it stays in the state
                with the least reward of the model, or 0 if that is less, sets info["noop"], and
                terminates only in a terminal state; it is never better than an allowed action, so
                the optimal values are those of the model.  "raise": it raises InvalidMDPError
    raises:     InvalidMDPError for a batch and for another rule, ExactnessError as `to_float`,
                MissingExtraError

    >>> env = to_gym(MDP([[["1/4", "3/4"]], [[0, 1]]], [2, 0], [1, 0], "9/10"))
    >>> env.P[0][0], env.gamma
    ([(0.25, 0, 2.0, False), (0.75, 1, 2.0, True)], 0.9)
    """
    if mdp.batch_shape:
        got, cure = f"has batch {mdp.batch_shape}", "Take one model by mdp[i]"
        raise invalid("batch", "mdp", got, "a single model", cure)
    if disallowed not in ("noop", "raise"):
        got, expected = f"= {shown(disallowed)}", '"noop" or "raise"'
        raise invalid("rule", "disallowed", got, expected)
    try:
        from tabular_trpo._formats.gym_env import TabularEnv
    except ImportError:
        raise missing_extra("gymnasium", "gym") from None
    return TabularEnv(mdp.to_float(), disallowed)


def _find(env: object, name: str) -> object:
    """Return the attribute of the outermost wrapper that has it, or of the environment inside."""
    values = (getattr(level, name, None) for level in levels(env))
    return next((value for value in values if value is not None), None)


def _called(env: object) -> str:
    """Return what a message calls an environment: its registered name, or its class."""
    inner = getattr(env, "unwrapped", env)
    return getattr(getattr(env, "spec", None), "id", None) or f"the {type(inner).__name__}"


def _no_table(env: object) -> InvalidMDPError:
    if isinstance(env, str):
        cure = f"Make it by gymnasium.make({env!r})"
        return invalid("type", "env", f"= {shown(env)}", "an environment", cure)
    expected = f"env.unwrapped.P[s][a] = [{OUTCOME}, ...]"
    cure = (
        "Set env.unwrapped.P to its transitions, or build the model by "
        "MDP.from_transitions(...), or from samples by MDP.from_counts(...)"
    )
    return invalid("no_table", _called(env), "has no P", expected, cure)


def _start(env: object, rho0: object, n_states: int) -> Array | Mapping[object, object]:
    """Return the start distribution: rho0, or the environment's own where that is None."""
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


def _doubles(name: str, value: object) -> Array:
    """Return numbers as doubles, exact ones rounded to the nearest: environments are in floats."""
    kind, array = read_array(name, value)
    if kind != "exact":
        return array
    return np.asarray(finite(name, elementwise(nearest, fractions(name, array), np.float64)))
