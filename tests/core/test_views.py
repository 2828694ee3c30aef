"""A view repeats one number over a shape that does not fit: each entry point refuses it at once."""

from collections.abc import Callable
from fractions import Fraction
from itertools import count, cycle
from typing import Any

import numpy as np
import pytest

import tabular_trpo as tt

MANY = 10**15
MDP = tt.MDP([[[0.5, 0.5]] * 2, [[0.0, 1.0]] * 2], [[1.0, 0.0]] * 2, [1.0, 0.0], 0.5)
HALF = np.full((2, 2), 0.5)


def spread(x: Any) -> Any:
    """Return 10^15 copies of an array that share their numbers."""
    x = np.asarray(x)
    return np.broadcast_to(x, (MANY, *x.shape))


POLICY: dict[str, Callable[[Any], Any]] = {
    "check_policy": lambda x: tt.policies.check_policy(MDP, x),
    "check_rows": lambda x: tt.policies.check_rows("pi", x),
    "policy_array": lambda x: tt.policies.policy_array(MDP, x),
    "to_rational": tt.policies.to_rational,
    "to_float": tt.policies.to_float,
    "mixture": lambda x: tt.policies.mixture(x, x, 0.5),
    "evaluate": lambda x: tt.evaluate(MDP, x),
    "Pair": lambda x: tt.Pair(MDP, x, x),
    "surrogate": lambda x: tt.surrogate(tt.evaluate(MDP, HALF)).value(x),
    "gain": lambda x: tt.surrogate(tt.evaluate(MDP, HALF)).gain(x),
    "softmax": tt.policies.softmax,
    "greedy": lambda x: tt.policies.greedy(MDP, x),
    "kl": lambda x: tt.kl(x, x),
    "tv": lambda x: tt.tv(x, x),
}


@pytest.mark.parametrize("name", POLICY)
@pytest.mark.parametrize("exact", [False, True])
def test_policies(name: str, exact: bool) -> None:
    rows = np.full((2, 2), Fraction(1, 2), dtype=object) if exact else HALF
    with pytest.raises(tt.TabularError):
        POLICY[name](spread(rows))


@pytest.mark.parametrize("actions", [spread([0, 1]), spread(spread(0)[:2]), spread([[0, 1]] * 3)])
def test_actions(actions: Any) -> None:
    with pytest.raises(tt.MemoryGuardError, match=r"^actions needs"):
        tt.policies.deterministic(MDP, actions)


def test_indices_of_a_view_are_counted_without_looking_at_each() -> None:
    """10^8 bytes: what is out of range is named once, and all of its copies are counted."""
    actions = np.broadcast_to(np.array([0, 7], dtype=np.int8), (5 * 10**7, 2))
    with pytest.raises(tt.InvalidMDPError, match=r"actions\[0, 1\] = 7") as error:
        tt.policies.deterministic(MDP, actions)
    assert error.value.hidden == 5 * 10**7 - 1


@pytest.mark.parametrize(
    "names",
    [range(MANY), spread("a"), count(), cycle("ab")],
    ids=["range", "view", "count", "cycle"],
)
def test_names(names: Any) -> None:
    """The limit itself is too large for a quick test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tabular_trpo._core.names.MOST_NAMES", 3)
        with pytest.raises(tt.MemoryGuardError, match="state_names has more than 3 entries"):
            MDP.replace(state_names=names)


@pytest.mark.parametrize("digits", [400, 5000])
def test_work_of_any_size(digits: int) -> None:
    with tt.work_limit(10**digits):
        assert tt.evaluate(MDP, HALF).eta > 0


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_rows_of_a_coarse_dtype_are_rescaled_at_every_entry_point(dtype: type) -> None:
    rows: Any = np.random.default_rng(0).dirichlet(np.ones(5), 9).astype(dtype)
    checked = tt.policies.check_rows("pi", rows)
    assert np.allclose(checked, rows, atol=1e-3) and np.abs(checked.sum(axis=1) - 1).max() < 1e-15
    with pytest.raises(tt.InvalidMDPError, match=r"pi\[s=0\] sums to 1\.0"):
        tt.policies.check_rows("pi", (1.02 * rows).astype(dtype))


@pytest.mark.parametrize("shape", [(1, 2, 2), (2,), (), (3, 2), (2, 3)])
def test_a_mask_is_of_the_shape_of_one_policy(shape: tuple[int, ...]) -> None:
    with pytest.raises(tt.InvalidMDPError, match=r"mask is bool of shape .*bool of shape \(2, 2\)"):
        tt.policies.check_rows("pi", HALF, np.ones(shape, dtype=bool))
