"""The generators of steps make what their names say: without that the tests of steps are blind."""

from fractions import Fraction

import numpy as np

from tests.improve.cases import surrogates
from tests.improve.parametric import KINDS, softmax_case

MOST = 200


def test_surrogates_are_of_every_awkward_kind() -> None:
    met = dict.fromkeys(("tie", "zero", "certain", "unvisited", "mask", "flat", "fine"), 0)
    for L in surrogates(0, MOST):
        seen = L.weight > 0
        top = L.G == L.G.max(axis=1, keepdims=True)
        assert all(sum(row) == 1 for row in L.pi) and all(type(x) is Fraction for x in L.G.ravel())
        assert L.allowed is None or not L.pi[~L.allowed].any()
        met["tie"] += bool((top.sum(axis=1) > 1)[seen].any())
        met["zero"] += bool((L.pi == 0).any())
        met["certain"] += bool((L.pi == 1).any())
        met["unvisited"] += bool((~seen).any())
        met["mask"] += L.allowed is not None
        met["flat"] += bool(top.all(axis=1)[seen].any())
        met["fine"] += any(x.denominator > 1 for x in L.G.ravel())
    assert min(met.values()) >= MOST // 10, met


def test_softmax_cases_are_of_their_kind() -> None:
    for seed in range(5):
        cases = {kind: softmax_case(kind, seed) for kind in KINDS}
        for kind, case in cases.items():
            assert abs(case.policy_class.policy(case.theta) - case.L.pi).max() < 1e-15
            assert case.policy_class.separates is (kind not in ("features", "aliased"))
            assert bool((case.L.weight == 0).any()) is (kind == "unvisited")
            assert (case.policy_class.allowed is not None) is (kind == "masked")
        shared = cases["aliased"].L.pi
        assert np.array_equal(shared[0], shared[1]) and not np.array_equal(shared[0], shared[2])
