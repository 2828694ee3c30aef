"""Arrays that no memory holds are refused before anything of their size is made."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import tabular_trpo as tt

SHAPE = (10**6, 10, 10**6)  # 80 TB of doubles
HUGE = {
    "float view": np.broadcast_to(0.5, SHAPE),
    "integer view": np.broadcast_to(1, SHAPE),
    "exact view": np.broadcast_to(np.array(Fraction(1, 2)), SHAPE),
    "one list many times": [[[0.5] * 10**4] * 10**4] * 10**5,
}


@pytest.mark.parametrize("kind", HUGE)
@pytest.mark.parametrize("name", ["P", "r", "rho0", "gamma"])
def test_absurd_arrays_are_refused_at_once(kind: str, name: str) -> None:
    fields: dict[str, Any] = {"P": [[[1]]], "r": [0], "rho0": [1], "gamma": 0.5, name: HUGE[kind]}
    with pytest.raises(tt.MemoryGuardError, match=f"^{name} with 10,000,000,000,000 entries needs"):
        tt.MDP(**fields)


@pytest.mark.parametrize("kind", HUGE)
def test_absurd_policies_and_counts_are_refused_at_once(kind: str) -> None:
    mdp = tt.MDP([[[1]]], [0], [1], 0.5)
    for ask in (
        lambda x: tt.policies.check_policy(mdp, x),
        lambda x: tt.policies.greedy(mdp, x),
        lambda x: tt.policies.mixture(x, x, 0),
        lambda x: tt.MDP.from_counts(x, [0], [1], 0),
        lambda x: tt.kl(x, x),
        tt.policies.softmax,
    ):
        with pytest.raises(tt.MemoryGuardError):
            ask(HUGE[kind])


def test_an_exact_entry_counts_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    table = np.eye(10)[:, None]
    fields: dict[str, Any] = {"r": [0] * 10, "rho0": [1] + [0] * 9, "gamma": 0}
    monkeypatch.setattr("tabular_trpo.core.memory.limit", lambda: 8 * 100)
    assert tt.MDP(table, **fields).n_states == 10
    with pytest.raises(tt.MemoryGuardError, match=r"P with 100 entries needs 1,600 bytes.*CSR"):
        tt.MDP(table.astype(int).astype(str), **fields)
