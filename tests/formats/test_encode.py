"""Writing a model and reading it back loses nothing."""

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

import tabular_trpo as tt
from tabular_trpo import formats
from tabular_trpo._core.numbers import elementwise
from tests.formats.base import BASE, as_floats
from tests.strategies import mdps, policies

MODELS = Path(__file__).parents[2] / "mdps"
NAMES = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), min_size=1)


def dense(x: Any, shape: tuple[int, ...]) -> Any:
    """Return a CSR array as the dense one it stands for."""
    return x if isinstance(x, np.ndarray) else x.toarray().reshape(shape)


def assert_same(one: tt.MDP, two: tt.MDP) -> None:
    """Compare all that a file says; r(s, a, s') that depends on no s' may be kept as r(s, a)."""
    assert (one.arithmetic, one.gamma) == (two.arithmetic, two.gamma)
    assert (one.state_names, one.action_names) == (two.state_names, two.action_names)
    shape = (*one.mask.shape, one.n_states)
    P = dense(one.P, shape)
    pairs = [(one.mask, two.mask), (one.r, two.r), (one.rho0, two.rho0), (P, dense(two.P, shape))]
    assert all(np.array_equal(a, b) for a, b in pairs)
    rewards = [
        np.broadcast_to(m.r[..., None], shape) if m.r_next is None else dense(m.r_next, shape)
        for m in (one, two)
    ]
    assert np.array_equal(rewards[0][P != 0], rewards[1][P != 0])
    if two.r_next is not None:
        assert np.array_equal(rewards[0][one.mask], rewards[1][one.mask])


def reread(document: formats.Document, arithmetic: str = "auto") -> formats.Document:
    """Write a document as text and read it again."""
    written = formats.to_document(
        document.mdp, document.policies, document.why, dict(document.expected)
    )
    return formats.from_document(json.loads(formats.dumps(written)), arithmetic)


@st.composite
def named(draw: st.DrawFn) -> tt.MDP:
    """Rational models with names, some with rewards r(s, a, s')."""
    mdp = draw(mdps())
    names = [
        draw(st.lists(NAMES, min_size=n, max_size=n, unique=True))
        for n in (mdp.n_states, mdp.n_actions)
    ]
    r = mdp.r
    if draw(st.booleans()):
        size = mdp.P.size
        numbers = st.lists(st.fractions(-9, 9, max_denominator=9), min_size=size, max_size=size)
        r = np.array(draw(numbers), dtype=object).reshape(mdp.P.shape)
    return tt.MDP(mdp.P, r, mdp.rho0, mdp.gamma, mdp.allowed, *names)


def in_floats(mdp: tt.MDP) -> tt.MDP:
    """Return the float model with its rewards r(s, a, s')."""
    r = mdp.r if mdp.r_next is None else mdp.r_next
    P, r, rho0 = (elementwise(float, x, np.float64) for x in (mdp.P, r, mdp.rho0))
    names = (mdp.state_names, mdp.action_names)
    return tt.MDP(P, r, rho0, float(mdp.gamma), mdp.allowed, *names)


@given(named(), st.data(), st.text(st.characters(codec="utf-8")))
def test_rational_model_comes_back(mdp: tt.MDP, data: st.DataObject, why: str) -> None:
    named_policies = {"pi": data.draw(policies(mdp)), "π new": data.draw(policies(mdp))}
    document = formats.to_document(mdp, named_policies, why)
    back = formats.from_document(json.loads(formats.dumps(document)))
    assert_same(mdp, back.mdp)
    assert back.why == why
    assert list(back.policies) == list(named_policies)
    assert all(np.array_equal(back.policies[k], pi) for k, pi in named_policies.items())
    assert formats.to_document(back.mdp, back.policies, back.why) == document


@given(named(), st.data())
def test_float_model_comes_back_bit_for_bit(mdp: tt.MDP, data: st.DataObject) -> None:
    floats = in_floats(mdp)
    pi = tt.policies.to_float(data.draw(policies(mdp)))
    document = formats.to_document(floats, {"pi": pi})
    first = formats.from_document(json.loads(formats.dumps(document)))
    # Where no reward depends on s', r is now that reward, and no rounded mean of equal numbers.
    assert np.allclose(first.mdp.r, floats.r, rtol=1e-15, atol=0)
    for array, other in ((first.mdp.P, floats.P), (first.policies["pi"], pi)):
        assert np.array_equal(array, other)
    second = reread(first)
    assert_same(first.mdp, second.mdp)
    assert np.array_equal(first.policies["pi"], second.policies["pi"])


@given(named())
def test_float_model_as_exact_strings_is_its_rational_reading(mdp: tt.MDP) -> None:
    rational = in_floats(mdp).to_rational()
    back = formats.from_document(formats.to_document(rational)).mdp
    assert back.arithmetic == "rational"
    assert_same(rational, back)


@given(named())
def test_sparse_model_comes_back(mdp: tt.MDP) -> None:
    floats = in_floats(mdp)
    flat = (floats.mask.size, floats.n_states)
    rewards = floats.r if floats.r_next is None else sp.csr_array(floats.r_next.reshape(flat))
    sparse = tt.MDP(
        sp.csr_array(floats.P.reshape(flat)), rewards, floats.rho0, floats.gamma, floats.allowed,
        floats.state_names, floats.action_names,
    )  # fmt: skip
    back = formats.from_document(formats.to_document(sparse)).mdp
    assert np.array_equal(dense(sparse.P, floats.P.shape), back.P)
    assert np.allclose(sparse.r, back.r, rtol=1e-15, atol=1e-15)
    assert_same(formats.from_document(formats.to_document(floats)).mdp, back)


def test_large_model_stays_sparse() -> None:
    n = 1500
    rows = np.arange(2 * n)
    P = sp.csr_array((np.ones(2 * n), (rows, rows // 2)), shape=(2 * n, n))
    r = np.random.default_rng(0).normal(size=(n, 2))
    for reward in (r, sp.csr_array((np.arange(2.0 * n), (rows, rows // 2)), shape=(2 * n, n))):
        mdp = tt.MDP(P, reward, np.eye(n)[0], 0.1)
        back = formats.from_document(formats.to_document(mdp)).mdp
        assert back.is_sparse
        assert_same(mdp, back)


@pytest.mark.parametrize("document", [BASE, as_floats(BASE)], ids=["exact", "float"])
def test_whole_document_comes_back(document: dict[str, Any]) -> None:
    first = formats.from_document(document)
    second = reread(first)
    assert_same(first.mdp, second.mdp)
    assert second.why == document["why"]
    assert second.expected == first.expected
    written = formats.to_document(first.mdp, first.policies, first.why, first.expected)
    # Doubles of rho0 are rounded so that they sum to 1; P = 1/4, 3/4 stay as they are.
    for key in set(document) - {"expected", "rho0"}:
        assert written[key] == document[key]


@pytest.mark.parametrize("path", sorted(MODELS.glob("*.mdp.json")), ids=lambda path: path.stem)
def test_authored_model_comes_back(path: Path) -> None:
    first = formats.load(path)
    second = reread(first)
    assert_same(first.mdp, second.mdp)
    assert second.expected == first.expected
    assert all(np.array_equal(pi, second.policies[k]) for k, pi in first.policies.items())


def test_extreme_doubles_come_back() -> None:
    r = np.array([[1e308, -0.0, 5e-324], [0.1 + 0.2, -1e-300, 2.0**60]])
    P = np.zeros((2, 3, 2))
    P[..., 0], P[..., 1] = 1 - 2.0**-53, 2.0**-53
    mdp = tt.MDP(P, r, [1.0, 0.0], np.nextafter(1.0, 0.0))
    back = formats.from_document(json.loads(formats.dumps(formats.to_document(mdp)))).mdp
    assert_same(mdp, back)
    assert np.array_equal(np.signbit(back.r), np.signbit(r))


def test_unused_action_and_impossible_reward_are_kept() -> None:
    mdp = tt.MDP([[[1, 0], [0, 0]], [[0, 1], [0, 0]]], [[["1/2", 7], [0, 0]]] * 2, [1, 0], "0",
                 np.array([[True, False]] * 2), ["x", "y"], ["do", "never"])  # fmt: skip
    document = formats.to_document(mdp)
    assert ["x", "do", "y", "0", "7"] in document["transitions"]
    assert_same(mdp, formats.from_document(document).mdp)


def test_batch_is_refused() -> None:
    mdp = tt.MDP(np.ones((2, 1, 1, 1)), [[0.0]], [1.0], 0.5)
    with pytest.raises(tt.InvalidMDPError, match=r"^mdp is a batch of shape \(2,\), .* mdp\[i\]$"):
        formats.to_document(mdp)
    assert formats.to_document(mdp[0])["gamma"] == 0.5


def test_what_no_file_can_hold_is_refused() -> None:
    good = tt.MDP([[["1"]]], [["0"]], ["1"], "1/2")
    pi = tt.policies.uniform(good)
    with pytest.raises(tt.InvalidMDPError, match=r'^document: policies\[0\] = ""'):
        formats.to_document(good, {"": pi})
    with pytest.raises(tt.ExactnessError):
        formats.to_document(good, {"pi": pi.astype(float)})
    with pytest.raises(tt.InvalidMDPError, match=r'^document: expected\["etta"\] is nothing'):
        formats.to_document(good, expected={"etta": 1})
    with pytest.raises(tt.InvalidMDPError, match=r"^document: why = "):
        formats.to_document(good, why="\udc80")


def test_numbers_no_file_may_hold_are_refused() -> None:
    long = tt.MDP([[["1"]]], [[Fraction(1, 10**2000)]], ["1"], "1/2")
    with pytest.raises(tt.LimitError, match="too long for a file, expected at most 2000 digits"):
        formats.to_document(long)
    n = 12
    parts = [Fraction(1, 10**1990 + 2 * i + 1) for i in range(n - 1)]
    row = [*parts, 1 - sum(parts)]
    wide = tt.MDP([[row]] * n, [[0]] * n, [1] + [0] * (n - 1), "1/2")
    with pytest.raises(tt.LimitError):
        formats.to_document(wide)


def test_expected_numbers_are_written_exactly() -> None:
    expected = {"eta": Fraction(1, 3), "L": 2, "V": {"0": 0.1}, "optimal": {"0": ("0",)}}
    mdp = tt.MDP([[["1"]]], [["0"]], ["1"], "1/2")
    document = formats.to_document(mdp, expected=expected)
    assert document["expected"] == {
        "eta": "1/3",
        "L": "2",
        "V": {"0": 0.1},
        "optimal": {"0": ["0"]},
    }
    assert formats.from_document(document).expected["eta"] == Fraction(1, 3)
