"""The table of a policy that is a function of the state, such as a trained agent."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from tabular_trpo._core.array_input import resolve_labels, row_tolerance
from tabular_trpo._core.errors import ExactnessError, InvalidMDPError, invalid
from tabular_trpo._core.grid import rescaled
from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.numbers import Array, fractions, frozen, read_array, shown, zeros
from tabular_trpo._core.policy import uniform
from tabular_trpo._core.policy_checks import check_rows
from tabular_trpo._core.public import public
from tabular_trpo._core.validate import totals
from tabular_trpo._formats.gym import SINK

NEAR = 1e-3  # how far from 1 the sum of a row may be that `normalize` divides
CURES = {
    "row_sum": f"normalize=True divides a row by its sum if that is within {NEAR:g} of 1",
    "disallowed": "Ask the agent for an action among mdp.mask[s], as info gave it",
}


@public
def tabular_policy(fn: Callable[[int], Any], mdp: MDP, normalize: bool = False) -> Array:
    """Return the policy table of a function of the state index, such as a trained agent.

    fn:        returns a row of A probabilities, or the index of one action, which may be an array
               of size 1: lambda s: agent.predict(s)[0], or, where actions are masked,
               lambda s: agent.predict(s, action_masks=mdp.mask[s])[0].  It is not called for the
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
    n_called = mdp.n_states - _has_sink(mdp)
    for s in range(n_called):
        row = _row(f"fn({s})", fn(s), mdp)
        total = totals(row)
        pi[s] = row / total if normalize and abs(total - 1) <= NEAR else row
    if n_called < mdp.n_states:
        pi[n_called] = uniform(mdp)[n_called]
    try:
        return frozen(check_rows("pi", pi, mdp.mask))
    except InvalidMDPError as error:
        problems = [
            replace(x, cure=". ".join(filter(None, (x.cure, CURES.get(x.code)))))
            for x in error.problems
        ]
        raise InvalidMDPError(problems, error.hidden) from None


def _has_sink(mdp: MDP) -> bool:
    """Return whether the last state is the one that `from_gym` adds."""
    last = mdp.n_states - 1
    if mdp.batch_shape or last == 0 or mdp.state_names[last] != SINK:
        return False
    sparse = mdp.is_sparse
    stays = mdp.P[last * mdp.n_actions :].toarray()[:, last] if sparse else mdp.P[last, :, last]
    return bool(np.all(stays == 1) and np.all(mdp.r[last] == 0))


def _row(where: str, value: object, mdp: MDP) -> Array:
    """Return the result of the function for a state as a row in the arithmetic of the model."""
    rational, n_actions = mdp.arithmetic == "rational", mdp.n_actions
    value = resolve_labels(where, value, (("action", mdp.action_names),))
    kind, array = read_array(where, value)
    index = array.ndim == 0 or (array.size == 1 and (n_actions > 1 or array.flat[0] == 0))
    if index and kind == "int":
        a = int(array.flat[0])
        if not 0 <= a < n_actions:
            raise invalid("index", where, f"= {shown(a)}", f"an action 0 to {n_actions - 1}")
        array = (np.arange(n_actions) == a).astype(np.float64)
    elif array.shape != (n_actions,):
        got = f"= {shown(value)} of shape {array.shape}"
        expected = f"{n_actions} probabilities, or the integer index of an action"
        raise invalid("shape", where, got, expected)
    elif kind != "int" and (kind == "exact") != rational:
        own, other = ("exact numbers", "floats") if rational else ("floats", "exact numbers")
        cure = "Return Fractions, or pass mdp.to_float()" if rational else "Return floats"
        raise ExactnessError.of("lane", where, f"has {other}", f"{own}, as mdp has", cure)
    if rational:
        return fractions(where, array, unsigned=True)
    return rescaled(array, row_tolerance(value))
