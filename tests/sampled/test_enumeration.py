"""All paths, each once, with its probability."""

import numpy as np
import pytest
import scipy.sparse as sp

import tabular_trpo as tt
from tabular_trpo._core.errors import ExactnessError, InvalidMDPError, LimitError
from tabular_trpo._sampled import enumeration
from tabular_trpo._sampled.enumeration import all_paths, expectation
from tests.sampled.models import F, dyadic, paths, tails, values, visits, with_next_rewards
from tests.strategies import rational_pairs


def listed(mdp, pi, T, ends=None):
    """What `all_paths` gives, in the form of the oracle's; `ends` are the absorbing states."""
    out, absorbed = [], tails(mdp) if ends is None else ends
    for chance, path in all_paths(mdp, pi, T):
        n = int(path.length[0])
        pairs = zip(path.states[0, :n], path.states[0, 1 : n + 1], strict=True)
        steps = [
            (int(s), int(a), r, int(t))
            for (s, t), a, r in zip(pairs, path.actions[0, :n], path.rewards[0, :n], strict=True)
        ]
        taken = [pi[s, a] for s, a, _, _ in steps] + [1] * (T - n)
        assert path.behaviour.tolist() == [taken]
        last = int(path.states[0, n])
        assert path.ended.tolist() == [last in absorbed] and (n == T or path.ended[0])
        assert path.tail.tolist() == [absorbed.get(last, 0)]
        assert not path.geometric and path.gamma == mdp.gamma and path.horizon == T
        out.append((chance, steps))
    return out


@pytest.mark.parametrize("T", [1, 3])
def test_paths_and_chances_are_those_of_a_plain_product(T: int) -> None:
    count = 0
    for mdp, pi, _ in rational_pairs(31, 8, max_states=2, max_actions=2):
        for model in (mdp, with_next_rewards(mdp)):
            mine = sorted(paths(model, pi, T))
            assert sorted(listed(model, pi, T)) == mine
            assert sum(chance for chance, _ in mine) == 1
            count += len(mine)
    assert count > 20


def test_expectations_of_numbers_and_arrays() -> None:
    mdp, pi, _ = dyadic()
    last = visits(mdp, pi, 4)[-1]
    assert expectation(mdp, pi, 3, lambda path: path.states[0, -1]) == last[1]
    both = expectation(mdp, pi, 3, lambda path: F(1) * np.eye(2, dtype=int)[path.states[0, -1]])
    assert both.tolist() == last
    returns = expectation(mdp, pi, 3, lambda p: p.rewards[0] @ [1, F(1, 2), F(1, 4)])
    assert returns == sum(x * v for x, v in zip(mdp.rho0, values(mdp, pi, 3)[0][3], strict=True))


def test_floats_and_sparse_rows_give_the_same_paths() -> None:
    mdp, pi, _ = dyadic(next_rewards=True)
    rough, p = mdp.to_float(), tt.policies.to_float(pi)
    r = sp.csr_array(rough.r_next.reshape(4, 2))
    sparse = tt.MDP(sp.csr_array(rough.P.reshape(4, 2)), r, rough.rho0, rough.gamma)
    assert sparse.is_sparse and sparse.r_next is not None
    mine = sorted(paths(mdp, pi, 2))
    assert sorted(listed(rough, p, 2, {})) == mine  # dyadic, so no digit is lost
    assert sorted(listed(sparse, p, 2, {})) == mine


def test_too_many_paths_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    mdp, pi, _ = dyadic()
    monkeypatch.setattr(enumeration, "MOST_PATHS", 7)
    assert len(list(all_paths(mdp, pi, 1))) == 7
    with pytest.raises(LimitError, match=r"mdp has more than 7 paths of 2 steps.*shorter horizon"):
        list(all_paths(mdp, pi, 2))


def test_bad_input() -> None:
    mdp, pi, _ = dyadic()
    for horizon in (0, -1, 1.5, True, None):
        with pytest.raises(InvalidMDPError, match=r"horizon = .*whole number, at least 1"):
            list(all_paths(mdp, pi, horizon))  # type: ignore[arg-type]
    with pytest.raises(ExactnessError, match="pi is in float arithmetic"):
        list(all_paths(mdp, tt.policies.to_float(pi), 1))
    with pytest.raises(InvalidMDPError, match=r"pi\[s=0\] sums to"):
        list(all_paths(mdp, [["1", "1"], ["1", "0"]], 1))
    batch = tt.MDP([mdp.to_float().P] * 2, [mdp.to_float().r] * 2, [0.5, 0.5], 0.5)
    with pytest.raises(InvalidMDPError, match=r"mdp has batch \(2,\).*mdp\[i\]"):
        list(all_paths(batch, tt.policies.to_float(pi), 1))


@pytest.mark.parametrize("T", [10**4 + 1, 10**6, 10**15])
def test_long_horizons_are_refused_by_name(T: int) -> None:
    mdp, pi, _ = dyadic()
    for function in (lambda: list(all_paths(mdp, pi, T)), lambda: expectation(mdp, pi, T, len)):  # type: ignore[arg-type]
        with pytest.raises(LimitError, match=r"horizon = 1.*expected at most 10,000"):
            function()


def test_a_horizon_beyond_the_depth_of_the_stack() -> None:
    """One path of 10^4 steps; and two in each step are refused before the first is listed."""
    one = tt.MDP([[["0", "1"]], [["1", "0"]]], [["1"], ["1"]], ["1", "0"], "1/2")
    assert expectation(one, [["1"]] * 2, 10**4, lambda path: path.rewards.sum()) == 10**4
    mdp, pi, _ = dyadic()
    with pytest.raises(LimitError, match="more than 1000000 paths of 10000 steps"):
        next(all_paths(mdp, pi, 10**4))
