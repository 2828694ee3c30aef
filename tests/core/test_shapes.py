"""Axes in another order: refused where row sums reveal it, with the right transposition."""

import re
from itertools import permutations
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

import tabular_trpo as tt

ORDERS = [order for order in permutations(range(3)) if order != (0, 1, 2)]


def stochastic(S: int, A: int, seed: int) -> np.ndarray[Any, Any]:
    return np.random.default_rng(seed).dirichlet(np.ones(S), size=(S, A))


def corrected(message: str, **known: Any) -> Any:
    """What the cure of an error makes of the array, executed as it is printed."""
    pattern = r"((?:np\.array\(P\)|P)(?:\.transpose\([\d, ]+\)|\.T|\[np\.arange.*?ravel\(\)\]))"
    found = re.search(pattern, message)
    assert found is not None, message
    return eval(found[1], {"np": np} | known)


@pytest.mark.parametrize("given", ["array", "list"])
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(("S", "A"), [(3, 3), (3, 2), (2, 3), (4, 1), (1, 3)])
def test_another_order_is_refused_with_the_transposition(
    S: int, A: int, order: tuple[int, ...], given: str
) -> None:
    for seed in range(5):
        right = stochastic(S, A, seed)
        other: Any = right.transpose(np.argsort(order))
        rows = other.sum(axis=-1)
        if other.shape == right.shape and np.allclose(rows, 1):
            continue  # row sums do not reveal it: read as P[s, a, s'] by rule
        P = other.tolist() if given == "list" else other
        with pytest.raises(tt.InvalidMDPError, match=r"P\[s, a, s'\]") as caught:
            tt.MDP(P, np.zeros(S), np.eye(S)[0], 0.9)
        turned = corrected(str(caught.value), P=P)
        mdp = tt.MDP(turned, np.zeros(S), np.eye(S)[0], 0.9)
        assert mdp.n_states == S and mdp.n_actions == A
        if S > 1 and other.shape != right.shape:
            assert np.allclose(np.sort(mdp.P.ravel()), np.sort(right.ravel()))


def test_column_stochastic_is_the_one_that_was_meant() -> None:
    right = stochastic(3, 3, 0)
    column = right.transpose(1, 2, 0)  # P[a, s', s]
    with pytest.raises(tt.InvalidMDPError) as caught:
        tt.MDP(column, np.zeros(3), [1, 0, 0], 0.9)
    assert caught.value.code == "axes"
    assert np.allclose(corrected(str(caught.value), P=column).sum(axis=-1), 1)


def test_normalize_does_not_hide_another_order() -> None:
    column = stochastic(3, 3, 0).transpose(2, 1, 0)
    with pytest.raises(tt.InvalidMDPError, match=r"P\.transpose"):
        tt.MDP(column, np.zeros(3), [1, 0, 0], 0.9, normalize=True)
    mdp = tt.MDP(stochastic(2, 2, 0), np.zeros(2), [1, 0], 0.9)
    with pytest.raises(tt.InvalidMDPError, match="swapaxes"):
        tt.policies.normalize(mdp, [[0.25, 0.5], [0.75, 0.5]])


def test_exact_and_float32_tables_and_batches_are_recognised() -> None:
    exact = [[["1/3", "1/4"]], [["2/3", "3/4"]]]
    with pytest.raises(tt.InvalidMDPError) as caught:
        tt.MDP(exact, ["0", "0"], ["1", "0"], "1/2")
    assert tt.MDP(corrected(str(caught.value), P=exact), ["0", "0"], ["1", "0"], "1/2").P.shape
    single = stochastic(5, 2, 1).astype(np.float32).transpose(1, 0, 2)
    with pytest.raises(tt.InvalidMDPError, match=r"P\.transpose\(1, 0, 2\)"):
        tt.MDP(single, np.zeros(5), np.eye(5)[0], 0.9)
    batch = np.stack([stochastic(3, 2, i).transpose(1, 0, 2) for i in range(4)])
    with pytest.raises(tt.InvalidMDPError, match=r"P\.transpose\(0, 2, 1, 3\)") as caught:
        tt.MDP(batch, np.zeros(3), [1, 0, 0], 0.9)
    assert tt.MDP(corrected(str(caught.value), P=batch), np.zeros(3), [1, 0, 0], 0.9).batch_shape


def masked() -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    allowed = np.array([[True, True], [True, False], [False, True]])
    return stochastic(3, 2, 3) * allowed[..., None], allowed


def test_action_major_stacks_are_recognised_by_the_mask() -> None:
    P, allowed = masked()
    stack = sp.csr_array(np.concatenate([P[:, a] for a in range(2)]))  # rows a*S + s
    with pytest.raises(tt.InvalidMDPError, match=r"a\*S \+ s") as caught:
        tt.MDP(stack, np.zeros(3), [1, 0, 0], 0.9, allowed)
    mdp = tt.MDP(corrected(str(caught.value), P=stack), np.zeros(3), [1, 0, 0], 0.9, allowed)
    assert np.allclose(mdp.P.toarray().reshape(3, 2, 3), P)


def test_square_action_major_tables_are_recognised_by_the_mask() -> None:
    allowed = np.array([[True, True, False], [True, True, True], [True, True, True]])
    P = stochastic(3, 3, 4) * allowed[..., None]
    with pytest.raises(tt.InvalidMDPError, match=r"P\.transpose\(1, 0, 2\)") as caught:
        tt.MDP(P.transpose(1, 0, 2), np.zeros(3), [1, 0, 0], 0.9, allowed)
    turned = corrected(str(caught.value), P=P.transpose(1, 0, 2))
    assert np.allclose(tt.MDP(turned, np.zeros(3), [1, 0, 0], 0.9, allowed).P, P)


@pytest.mark.parametrize("A", [1, 2])
def test_column_stochastic_sparse_tables_are_recognised(A: int) -> None:
    flat = stochastic(3, A, 0).reshape(-1, 3)
    with pytest.raises(tt.InvalidMDPError, match=r"P\.T") as caught:
        tt.MDP(sp.csr_array(flat.T), np.zeros(3), [1, 0, 0], 0.9)
    turned = corrected(str(caught.value), P=sp.csr_array(flat.T))
    assert np.allclose(tt.MDP(turned, np.zeros(3), [1, 0, 0], 0.9).P.toarray(), flat)


def test_lists_of_sparse_matrices_are_refused_with_a_cure_that_works() -> None:
    right = stochastic(3, 2, 0)
    P = [sp.csr_array(right[:, a]) for a in range(2)]
    with pytest.raises(tt.InvalidMDPError, match=r"P\[0\] is sparse in a list") as caught:
        tt.MDP(P, np.zeros(3), [1, 0, 0], 0.9)
    found = re.search(r"np\.stack\(.*?axis=1\)", str(caught.value))
    assert found is not None
    assert np.allclose(eval(found[0], {"np": np, "P": P}), right)


@pytest.mark.parametrize(
    ("shape", "form"),
    [((2, 3), (3, 2)), ((3, 3), (3, 2, 3)), ((2, 3, 3), (3, 2, 3))],
)
def test_rewards_in_other_orders_are_refused_with_a_cure_that_works(
    shape: tuple[int, ...], form: tuple[int, ...]
) -> None:
    P, r = stochastic(3, 2, 0), np.random.default_rng(1).normal(size=shape)
    with pytest.raises(tt.InvalidMDPError, match="r has shape") as caught:
        tt.MDP(P, r, [1, 0, 0], 0.9)
    found = re.search(r"give (np\..*)$", str(caught.value))
    assert found is not None
    turned = eval(found[1], {"np": np, "r": r})
    assert turned.shape == form
    mdp = tt.MDP(P, turned, [1, 0, 0], 0.9)
    if shape == (3, 3):
        assert np.allclose(mdp.r, np.einsum("sat,st->sa", P, r))


def test_square_rewards_are_of_states_and_actions() -> None:
    r = np.array([[1.0, 2.0], [3.0, 4.0]])
    assert np.array_equal(tt.MDP(stochastic(2, 2, 0), r, [1, 0], 0.9).r, r)
    assert "(S, S) is r(s, a)" in (tt.MDP.__doc__ or "")


def test_policies_in_other_orders_are_refused_with_a_cure_that_works() -> None:
    for S, A in ((3, 3), (3, 2)):
        mdp = tt.MDP(stochastic(S, A, 0), np.zeros(S), np.eye(S)[0], 0.9)
        right = np.random.default_rng(2).dirichlet(np.ones(A), size=S)
        pi = right.T
        with pytest.raises(tt.InvalidMDPError, match="swapaxes") as caught:
            tt.evaluate(mdp, pi)
        found = re.search(r"np\.swapaxes\(pi, -1, -2\)", str(caught.value))
        assert found is not None
        turned = eval(found[0], {"np": np, "pi": pi})
        assert np.allclose(tt.evaluate(mdp, turned).pi, right)
