"""Each distinct policy is checked and evaluated once in `verify`, however many pairs use it."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
import pytest

import tabular_trpo as tt
from tabular_trpo._app.shared.pairs import candidates
from tabular_trpo._core import policies_once as policies_once_module
from tabular_trpo._core import policy_checks
from tabular_trpo._core.policies_once import policies_once
from tests.app.conftest import MDPS, Run

evaluation = import_module("tabular_trpo._exact.evaluate")
Policy = tuple[Any, ...]


def contents(pi: Any) -> Policy:
    """Return the entries of a policy, equal for equal policies."""
    return tuple(pi.ravel().tolist())


@pytest.fixture
def evaluated(monkeypatch: pytest.MonkeyPatch) -> list[Policy]:
    """Return the policies that are evaluated from here on, one entry for each evaluation."""
    found: list[Policy] = []

    def counting(real: Callable[..., Any]) -> Callable[..., Any]:
        def count(mdp: Any, pi: Any) -> Any:
            found.append((mdp.arithmetic, *contents(pi)))
            return real(mdp, pi)

        return count

    for name in ("_rational", "_single"):
        monkeypatch.setattr(evaluation, name, counting(getattr(evaluation, name)))
    return found


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> list[Policy]:
    """Return the policies whose rows are checked against a model, one entry for each check."""
    found: list[Policy] = []
    real = policy_checks.check_rows

    def count(name: str, pi: Any, mask: Any = None) -> Any:
        found.append((pi.dtype.kind, *contents(pi)))
        return real(name, pi, mask)

    monkeypatch.setattr(policy_checks, "check_rows", count)
    return found


@pytest.mark.parametrize("arithmetic", ["rational", "float"])
@pytest.mark.parametrize("name", ["rover", "queue", "ties", "island"])
@pytest.mark.parametrize("words", [("--theorem", "trpo_bound"), ()], ids=["one", "all"])
def test_each_policy_is_checked_and_evaluated_once(
    run: Run,
    evaluated: list[Policy],
    checked: list[Policy],
    name: str,
    arithmetic: str,
    words: tuple[str, ...],
) -> None:
    path = MDPS / f"{name}.mdp.json"
    run("verify", path, "--pairs", "all", "--arithmetic", arithmetic, *words, "--quiet")
    assert evaluated and len(evaluated) == len(set(evaluated))
    assert checked and len(checked) == len(set(checked))
    judged = set(evaluated)
    document = tt.formats.load(path)
    exact = arithmetic == "rational"
    mdp = document.mdp.to_rational() if exact else document.mdp.to_float()
    cross = tt.policies.to_rational if exact else tt.policies.to_float
    named = {name: cross(pi) for name, pi in document.policies.items()}
    read = {(pi.dtype.kind, *contents(pi)) for pi in named.values()}
    assert read.isdisjoint(checked)  # the reader of the file has checked them
    pairs = candidates(mdp, named, "all", 0, 2)
    policies = {(arithmetic, *contents(pi)) for one in pairs for pi in (one.pi, one.pi_new)}
    assert policies <= judged and len(judged) <= len(policies) + 2  # the optimal policies


def test_certificates_check_and_evaluate_nothing_again(
    run: Run, evaluated: list[Policy], checked: list[Policy], tmp_path: Any
) -> None:
    path = MDPS / "rover.mdp.json"
    assert run("verify", path, "--certificates", tmp_path, "--quiet").code == 0
    assert len(evaluated) == len(set(evaluated))
    assert len(checked) == len(set(checked))


def test_evaluations_are_released_after_the_block() -> None:
    mdp = tt.MDP([[["1"], ["1"]]], [["0", "1"]], ["1"], "1/2")
    pi = tt.policies.uniform(mdp)
    with policies_once(mdp):
        first = tt.evaluate(mdp, pi)
        assert tt.evaluate(mdp, [["1/2", "1/2"]]) is first
        assert tt.evaluate(mdp, [["1/4", "3/4"]]) is not first
    assert tt.evaluate(mdp, pi) is not first


MODEL: dict[str, Any] = {
    "P": [[["1", "0"]], [["0", "1"]]],
    "r": [["1"], ["2"]],
    "rho0": ["1", "0"],
    "gamma": "1/2",
}
OTHER: dict[str, Any] = {
    "P": [[["0", "1"]], [["0", "1"]]],
    "r": [["1"], ["3"]],
    "rho0": ["0", "1"],
    "gamma": "1/3",
}


@pytest.mark.parametrize("name", OTHER)
def test_models_that_differ_in_one_array_share_nothing(name: str) -> None:
    mdp, equal, pi = tt.MDP(**MODEL), tt.MDP(**MODEL), [["1"], ["1"]]
    with policies_once(mdp):
        first = tt.evaluate(mdp, pi)
        assert tt.evaluate(equal, pi) is first
        assert tt.evaluate(tt.MDP(**MODEL | {name: OTHER[name]}), pi) is not first


def test_a_checked_policy_on_the_grid_is_not_checked_again(checked: list[Policy]) -> None:
    mdp = tt.MDP([[[1.0], [1.0]]], [[0.0, 1.0]], [1.0], 0.5)
    given = [[0.1, 0.9]]  # 0.1 lies below the grid of multiples of 2^-53
    with policies_once(mdp):
        pi = tt.evaluate(mdp, given).pi
        assert pi.tolist() != given and len(checked) == 1
        assert tt.evaluate(mdp, pi).pi is pi and len(checked) == 1


def outcome(mdp: tt.MDP, pi: Any) -> tuple[str, Any]:
    """Return the checked policy, or the text of the error."""
    try:
        return "policy", tt.evaluate(mdp, pi).pi.tolist()
    except tt.InvalidMDPError as error:
        return "error", str(error)


@pytest.mark.parametrize("exact", [True, False], ids=["rational", "float"])
def test_a_policy_near_a_checked_one_is_checked_itself(exact: bool) -> None:
    """Changed signs, digits, shapes and types: the same policy or error as outside of the block."""
    rng = np.random.default_rng(0)
    given = tt.MDP(np.full((2, 3, 2), 0.5), np.ones((2, 3)), [1.0, 0.0], 0.5)
    mdp = given.to_rational() if exact else given
    known = [[[0.0, 0.25, 0.75], [1.0, 0.0, 0.0]], [[0.5, 0.5, 0.0], [0.0, 0.0, 1.0]]]
    errors = 0
    for _ in range(200):
        near = np.array(known[rng.integers(2)])
        at = tuple(rng.integers(near.shape))
        change = rng.integers(6)
        near[at] = [-near[at], np.nextafter(near[at], 2), near[at] + 0.1, np.nan, 1, near[at]][
            change
        ]
        shaped = (near, near[None], near.reshape(3, 2), near == 1)[
            rng.choice(4, p=[0.7, 0.1, 0.1, 0.1])
        ]
        pi = shaped.tolist()
        if exact and shaped.dtype != bool:
            pi = np.vectorize(str, otypes=[object])(shaped).tolist()
        alone = outcome(mdp, pi)
        with policies_once(mdp):
            for one in known:
                tt.evaluate(mdp, tt.policies.to_rational(one) if exact else one)
            assert outcome(mdp, pi) == alone
        errors += alone[0] == "error"
    assert 50 < errors < 200


def test_no_more_than_so_many_policies_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither results nor keys grow past the limit; what is kept before it stays."""
    monkeypatch.setattr(policies_once_module, "MOST_KEPT", 6)
    mdp = tt.MDP([[["1"], ["1"]]], [["0", "1"]], ["1"], "1/2")
    with policies_once(mdp):
        first = tt.evaluate(mdp, [["1/2", "1/2"]])
        for k in range(2, 40):
            tt.evaluate(mdp, [[f"1/{k}", f"{k - 1}/{k}"]])
        known = policies_once_module._KNOWN.get()
        assert known is not None and len(known) == 6
        assert tt.evaluate(mdp, [["1/2", "1/2"]]) is first
