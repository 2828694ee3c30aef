"""The verdict of `improve`: exit codes of refuted and undecided steps, bounds rounded down."""

import inspect
import sys
from fractions import Fraction as F
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tabular_trpo as tt
from tabular_trpo._app.improve.methods import METHODS, Method
from tabular_trpo._app.improve.report import below
from tabular_trpo._core.real import log
from tabular_trpo._improve.gain_bounds import gain_bounds
from tabular_trpo._improve.iterate import iterate
from tabular_trpo._improve.step import step_to
from tabular_trpo._theory.claim import theorem
from tabular_trpo.families import worst_case
from tests.app.conftest import Model, Run


def _large(given: Any, mdp: tt.MDP, pi: Any) -> Any:
    case = worst_case.tight_thm1("3/10", "9/10")
    return lambda ev, L: step_to(L, case.pi_new)


def _worst(tmp_path: Path) -> tuple[Path, str]:
    case = worst_case.tight_thm1("3/10", "9/10")
    tt.write(case.mdp, tmp_path / "worst.mdp.json", policies={"old": case.pi})
    return tmp_path / "worst.mdp.json", "old"


@pytest.mark.parametrize(("guarantee", "code"), [("never lowers", 1), (None, 0)])
def test_decrease_is_proved_and_a_broken_guarantee_is_exit_code_1(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, guarantee: str | None, code: int
) -> None:
    monkeypatch.setitem(METHODS, "large", Method("large", "too far", _large, guarantee=guarantee))
    path, start = _worst(tmp_path)
    argv = ("improve", path, "--method", "large", "--policy", start, "--iterations", "1")
    result = run(*argv, "--quiet")
    assert result.code == code and "eta DECREASED: proved at step 1 of 1" in result.out
    assert run(*argv, "--json").document["monotone"]["refuted"] == 1


def test_refuted_theorem_is_exit_code_1(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @theorem("own", "own", center="L")
    def too_good(p: Any) -> Any:
        return p.eta_new, ">=", p.L - p.eps * p.max_tv**2

    monkeypatch.setattr(inspect.unwrap(iterate), "__defaults__", ((), gain_bounds([too_good])))
    monkeypatch.setitem(METHODS, "large", Method("large", "too far", _large, guarantee=None))
    path, start = _worst(tmp_path)
    result = run("improve", path, "--method", "large", "--policy", start, "--iterations", "1")
    assert result.code == 1 and "Step 1 refutes too_good." in result.out


def test_undecided_step_of_a_guarantee_is_exit_code_4(
    run: Run, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two actions of one reward in a model too large for rationals."""
    states = [f"s{i}" for i in range(130)]
    rows = [
        [s, a, t, 0.5, 0.3]
        for i, s in enumerate(states)
        for a in ("a", "b")
        for t in (states[i - 1], states[(i + 5) % 130])
    ]
    path = model(states=states, actions=["a", "b"], transitions=rows, rho0={"s0": 1.0})
    step = Method(
        "tilt",
        "a tilt",
        lambda given, mdp, pi: lambda ev, L: step_to(L, np.tile([0.3, 0.7], (130, 1))),
        guarantee="none",
    )
    monkeypatch.setitem(METHODS, "tilt", step)
    result = run("improve", path, "--method", "tilt", "--iterations", "1", "--quiet")
    assert result.code == 4 and "undecided at step 1" in result.out


def test_bounds_are_rounded_down() -> None:
    def under(x: Any) -> F:
        found = below(x)
        assert found is not None
        return F(found)

    third = F(1, 3)
    assert under(third) < third and under(-third) < -third and below(F(1, 2)) == 0.5
    assert under(log(2)) < log(2) and under(-log(2)) < -log(2)
    assert below(F(10) ** 400) == sys.float_info.max and below(-(F(10) ** 400)) == -np.inf
    assert below(0.1) == 0.1 and below(None) is None
