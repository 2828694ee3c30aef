"""The sparse kernel is the dense one on other storage, and factors once for V and rho together."""

from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given

import tabular_trpo as tt
from tabular_trpo._core.linalg import dense, sparse
from tests.strategies import Case, cases, rational_cases


def both(mdp: tt.MDP) -> tuple[tt.MDP, tt.MDP]:
    """Return the float model on dense and on CSR storage."""
    rough = mdp.to_float()
    flat = sp.csr_array(rough.P.reshape(-1, rough.n_states))
    return rough, tt.MDP(flat, rough.r, rough.rho0, rough.gamma, rough.allowed)


@given(cases())
def test_sparse_equals_dense(case: Case) -> None:
    table, csr = both(case.mdp)
    pi = tt.policies.to_float(case.pi)
    P_dense, r_dense = dense.close(table.P, table.r, pi)
    P_sparse, r_sparse = sparse.close(csr.P, csr.r, pi)
    near: dict[str, Any] = {"rtol": 1e-12, "atol": 1e-14}
    np.testing.assert_allclose(P_sparse.toarray(), P_dense, **near)
    np.testing.assert_allclose(r_sparse, r_dense, **near)
    f = np.arange(table.n_states) + 0.5
    np.testing.assert_allclose(sparse.expect(csr.P, f), dense.expect(table.P, f), **near)
    w = np.arange(pi.size).reshape(pi.shape) - 1.5
    np.testing.assert_allclose(sparse.flow(csr.P, w), dense.flow(table.P, w), **near)
    one, two = dense.solve(P_dense, table.gamma), sparse.solve(P_sparse, csr.gamma)
    for verb in ("forward", "backward", "step", "step_back"):
        np.testing.assert_allclose(getattr(two, verb)(f), getattr(one, verb)(f), rtol=1e-9)


@given(cases())
def test_resolvents_solve_their_systems(case: Case) -> None:
    table, csr = both(case.mdp)
    pi = tt.policies.to_float(case.pi)
    b = np.arange(table.n_states) - 0.5
    for kernel, mdp in ((dense, table), (sparse, csr)):
        P_pi = kernel.close(mdp.P, mdp.r, pi)[0]
        chain = kernel.solve(P_pi, mdp.gamma)
        x, y = chain.forward(b), chain.backward(b)
        np.testing.assert_allclose(x - chain.step(x), b, atol=1e-9)
        np.testing.assert_allclose(y - chain.step_back(y), b, atol=1e-9)
        np.testing.assert_allclose(chain.step(b), mdp.gamma * (P_pi @ b), atol=1e-12)
        np.testing.assert_allclose(chain.step_back(b), mdp.gamma * (P_pi.T @ b), atol=1e-12)


def test_closing_leaves_the_model_alone() -> None:
    case = next(rational_cases(seed=3, n=1))
    _, csr = both(case.mdp)
    before = csr.P.copy()
    sparse.solve(sparse.close(csr.P, csr.r, tt.policies.to_float(case.pi))[0], 0.5)
    assert np.array_equal(csr.P.data, before.data)
    assert np.array_equal(csr.P.indices, before.indices)


def counted(monkeypatch: pytest.MonkeyPatch, module: Any, name: str) -> list[Any]:
    """Return the list that every call of a function is noted in."""
    calls: list[Any] = []
    original = getattr(module, name)

    def noted(*args: Any, **options: Any) -> Any:
        calls.append(args)
        return original(*args, **options)

    monkeypatch.setattr(module, name, noted)
    return calls


def test_sparse_v_and_rho_share_one_factorization(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = counted(monkeypatch, sparse, "splu")
    for case in rational_cases(seed=5, n=10):
        _, csr = both(case.mdp)
        calls.clear()
        e = tt.evaluate(csr, tt.policies.to_float(case.pi))
        assert e.V.shape == e.rho.shape
        assert len(calls) == 1


def test_dense_v_and_rho_share_one_factorization(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = counted(monkeypatch, dense, "dgetrf")
    for case in rational_cases(seed=6, n=10):
        table, _ = both(case.mdp)
        calls.clear()
        tt.evaluate(table, tt.policies.to_float(case.pi))
        assert len(calls) == 1
