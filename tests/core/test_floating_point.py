"""Other floating-point modes are refused, and numpy's error state of the caller changes nothing."""

import inspect
import re
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import tabular_trpo as tt
from tabular_trpo._core.floating_point import guarded, is_guarded, require_ieee
from tests.floats import DIRECTIONS, FLUSHES, flushing, rounding

MDP = tt.MDP([[[0.5, 0.5], [0.25, 0.75]], [[0.0, 1.0]] * 2], [[1.0, 0.0]] * 2, [1.0, 0.0], 0.9)
PI, NEW = [[0.5, 0.5]] * 2, [[0.25, 0.75]] * 2
EV = tt.evaluate(MDP, PI)
L = tt.surrogate(EV)
PAIR = tt.Pair(MDP, PI, NEW)
BOUND = next(theorem for theorem in tt.THEOREMS if theorem.name == "trpo_bound")
RUNS = [tt.improve.iterate(MDP, PI, lambda ev, L: tt.improve.greedy(L)) for _ in range(9)]
MODES = [(rounding, x) for x in DIRECTIONS] + [(flushing, x) for x in FLUSHES]
CERTIFIED = {
    "evaluate": lambda: tt.evaluate(MDP, PI),
    "optimal": lambda: tt.optimal(MDP),
    "surrogate": lambda: tt.surrogate(EV),
    "gain": lambda: L.gain(PI),
    "radius": lambda: L.radius(PI),
    "kl": lambda: tt.kl(PI, NEW),
    "judge": lambda: tt.judge(BOUND, PAIR),
    "judge arithmetic": lambda: tt.judge(BOUND, PAIR, arithmetic="float"),
    "verify": lambda: tt.verify(MDP, PI, NEW),
    "certificate": lambda: tt.certificate(MDP, PI, NEW),
    "a quantity": lambda: tt.Pair(MDP, PI, NEW).eta,
    "an enclosed quantity": lambda: tt.Pair(MDP, PI, NEW).enclosed(),
    "a step": lambda: tt.improve.max_kl(L, 0.1),
    "a run": lambda: next(RUNS.pop()),
    "moments": lambda: tt.sampled.path_moments(MDP, PI, NEW, 3),
    "a model": lambda: tt.MDP([[[0.5, 0.5]], [[0.0, 1.0]]], [[1.0], [0.0]], [1.0, 0.0], 0.9),
    "a hunt": lambda: tt.falsify(BOUND, budget=1),
}


@pytest.mark.parametrize(("setting", "mode"), MODES, ids=lambda x: getattr(x, "__name__", str(x)))
def test_another_mode_is_noticed(setting: Any, mode: str) -> None:
    require_ieee()
    caught = None
    with setting(mode):
        try:
            require_ieee()
        except tt.FloatingPointModeError as error:
            caught = error
    got = f"rounds {mode}" if setting is rounding else "takes subnormal numbers for 0"
    assert caught is not None and f"the processor {got}, expected IEEE 754" in str(caught)
    require_ieee()


@pytest.mark.parametrize("name", CERTIFIED)
def test_nothing_is_certified_in_another_mode(name: str) -> None:
    for setting, mode in MODES:
        error = None
        with setting(mode):
            try:
                CERTIFIED[name]()
            except tt.TabularError as refused:
                error = refused
        assert type(error) is tt.FloatingPointModeError, (name, mode)


def test_the_cure_of_the_message_works() -> None:
    from tests.floats import _LIBRARY

    with rounding("up"):
        try:
            tt.evaluate(MDP, PI)
            text = ""
        except tt.TabularError as error:
            text = str(error)
        cure = re.search(r"fesetround\(FE_TONEAREST\)", text)
        if cure:
            _LIBRARY.fesetround(0)  # FE_TONEAREST
        eta = tt.evaluate(MDP, PI).eta
    assert cure and eta == tt.evaluate(MDP, PI).eta


def test_a_mode_that_changes_at_work_is_noticed_at_the_end() -> None:
    from tests.floats import _LIBRARY

    def changing() -> float:
        _LIBRARY.fesetround(DIRECTIONS["down"])
        return 1.0

    error = None
    try:
        guarded(changing)()
    except tt.FloatingPointModeError as refused:
        error = refused
    finally:
        _LIBRARY.fesetround(0)
    assert error is not None and "rounds down" in str(error)


def test_the_mode_is_that_of_the_thread() -> None:
    found: dict[str, Any] = {}

    def work(name: str, mode: str | None) -> None:
        try:
            if mode is None:
                found[name] = tt.evaluate(MDP, PI).eta
            else:
                with rounding(mode):
                    tt.evaluate(MDP, PI)
        except tt.TabularError as error:
            found[name] = type(error)

    for name, mode in (("changed", "up"), ("plain", None)):
        thread = threading.Thread(target=work, args=(name, mode))
        thread.start()
        thread.join()
    assert found == {"changed": tt.FloatingPointModeError, "plain": tt.evaluate(MDP, PI).eta}


def test_a_guarded_function_keeps_its_signature_and_its_errors() -> None:
    assert str(inspect.signature(tt.evaluate)).startswith("(mdp: ")
    assert list(inspect.signature(tt.MDP).parameters)[:4] == ["P", "r", "rho0", "gamma"]
    assert "proved radius" in (tt.evaluate.__doc__ or "")
    with np.errstate(all="raise"), pytest.raises(tt.InvalidMDPError, match="pi"):
        tt.evaluate(MDP, [[2.0, -1.0]] * 2)
    with np.errstate(all="raise"):
        assert np.geterr()["under"] == "raise"
        tt.evaluate(MDP, PI)
        assert np.geterr()["under"] == "raise"


def test_what_works_later_is_guarded_too() -> None:
    def late(n: int) -> Iterator[float]:
        for i in range(n):
            yield float(np.exp(-745.0) * np.float64(0.1) + i)

    def maker() -> Any:
        return lambda: float(np.exp(-746.0))

    maker.__module__ = late.__module__ = "tabular_trpo.made"
    function = guarded(maker)
    with np.errstate(all="raise"):
        assert list(guarded(late)(2)) == [0.0, 1.0]
    function.__wrapped__.__globals__  # type: ignore[attr-defined]  # noqa: B018
    closed: list[int] = []

    def closing() -> Iterator[int]:
        try:
            yield 1
        finally:
            closed.append(1)

    items = guarded(closing)()
    assert next(items) == 1
    items.close()  # type: ignore[attr-defined]
    assert closed == [1]
    step = tt.improve.following(
        np.zeros((2, 2)), lambda L, theta: tt.improve.natural(L, theta, 0.1)
    )
    assert is_guarded(step)
