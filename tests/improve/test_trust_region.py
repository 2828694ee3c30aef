"""The trust regions and the mirror step: worked examples, edge cases, invalid input."""

import math
import re
from dataclasses import replace

import numpy as np
import pytest

import tabular_trpo as tt
from tabular_trpo._core.errors import ExactnessError, InvalidMDPError
from tabular_trpo._core.policy_checks import check_rows
from tabular_trpo._exact.divergence import kl
from tabular_trpo._exact.surrogate import Surrogate
from tabular_trpo._improve import kl_multiplier, trust_region
from tabular_trpo._improve.kl_curves import solve_radius
from tabular_trpo._improve.minorize import minorize
from tabular_trpo._improve.mirror import mirror, rwr
from tabular_trpo._improve.trust_region import max_kl, mean_kl, mean_kl_penalty
from tests.improve.cases import made
from tests.test_mdps import NAMES, load

TWO = Surrogate(
    np.array([[-1.0, 1.0], [0.0, 0.0], [-3.0, 3.0]]),
    np.array([1.0, 0.0, 3.0]),
    np.full((3, 2), 0.5),
    0.0,
)


def test_worked_example_of_two_actions():
    """KL((1/2, 1/2) || (1/2 - y, 1/2 + y)) = -log(1 - 4 y^2) / 2, so y = sqrt(1 - e^{-2 d}) / 2."""
    y = math.sqrt(-math.expm1(-0.2)) / 2
    largest, mean = max_kl(TWO, 0.1), mean_kl(TWO, 0.1)
    for step in (largest, mean):  # both visited states have advantages +-1
        assert step.pi_new[[0, 2], 1] == pytest.approx(0.5 + y, abs=1e-9)
        assert step.pi_new[1].tolist() == [0.5, 0.5]
        assert step.gain == pytest.approx(8 * y, rel=1e-9)
    lam = mean.multipliers["lam"]
    assert mean_kl_penalty(TWO, 4 * lam).pi_new == pytest.approx(mean.pi_new, abs=1e-9)
    assert mean_kl_penalty(TWO, 2 * lam).max_kl > mean.max_kl


def test_divergences_of_states_differ_under_a_mean_constraint():
    """A state with larger advantages has a larger divergence in `mean_kl`, not in `max_kl`."""
    L = Surrogate(np.array([[-1.0, 1.0], [-4.0, 4.0]]), np.ones(2), np.full((2, 2), 0.5), 0.0)
    mean, largest = mean_kl(L, 0.05), max_kl(L, 0.05)
    assert mean.gain > largest.gain and mean.max_kl > 0.05 >= largest.max_kl
    assert mean.pi_new[1, 1] > largest.pi_new[1, 1] > mean.pi_new[0, 1]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("delta", [1e-10, 1e-2, 1.0, 40.0])
def test_constraints_hold_and_are_active(name: str, delta: float) -> None:
    mdp = load(name).mdp.to_float()
    L = tt.surrogate(tt.evaluate(mdp, tt.policies.uniform(mdp)))
    one, other = max_kl(L, delta), mean_kl(L, delta)
    assert one.max_kl <= delta and other.mean_kl <= delta
    assert other.gain >= one.gain - 1e-9 * (1 + abs(one.gain))
    if one.status == "moved" and delta < 1:
        assert one.max_kl == pytest.approx(delta, rel=1e-4)
        assert other.mean_kl == pytest.approx(delta, rel=1e-4)


def test_edges():
    certain = Surrogate(np.array([[0.0, 1.0]]), np.ones(1), np.array([[1.0, 0.0]]), 0.0)
    assert max_kl(certain, 0.1).pi_new[0, 0] == pytest.approx(math.exp(-0.1), rel=1e-12)
    assert mean_kl(certain, 0.1).pi_new[0, 0] == pytest.approx(math.exp(-0.1), rel=1e-9)
    assert mean_kl_penalty(certain, 1.0).status == "stuck"
    assert max_kl(certain, 1e6).gain == mean_kl(certain, 1e6).gain == 1
    unseen = Surrogate(np.zeros((1, 2)), np.zeros(1), np.full((1, 2), 0.5), 0.0)
    for solve in (max_kl, mean_kl, mean_kl_penalty, mirror):
        assert solve(unseen, 1.0).status == "optimal"
    flat = Surrogate(np.zeros((2, 2)), np.ones(2), np.full((2, 2), 0.5), 0.0)
    for step in (
        max_kl(flat, 1.0),
        mean_kl(flat, 1.0),
        mean_kl_penalty(flat, 1.0),
        mirror(flat, 1.0),
    ):
        assert step.status == "optimal" and (step.pi_new == 0.5).all()
    assert max_kl(TWO, 0).gain == mean_kl(TWO, 0).gain == 0
    assert mean_kl_penalty(TWO, 0).pi_new[:, 1].tolist() == [1, 0.5, 1]
    for bad in (-1.0, math.nan, math.inf):
        for solve in (max_kl, mean_kl, mean_kl_penalty, mirror):
            with pytest.raises(InvalidMDPError, match="finite number >= 0"):
                solve(TWO, bad)


def test_mirror():
    step = mirror(TWO, 2.0)
    assert step.pi_new[0, 1] == pytest.approx(1 / (1 + math.exp(-1)), rel=1e-12)
    assert step.pi_new[2, 1] == pytest.approx(1 / (1 + math.exp(-1)), rel=1e-12)
    assert mirror(TWO, 1e-300).pi_new[:, 1].tolist() == [1, 0.5, 1]
    zero = Surrogate(np.array([[0.0, 9.0]]), np.ones(1), np.array([[1.0, 0.0]]), 0.0)
    assert mirror(zero, 1.0).status == "stuck"  # an action of probability 0 stays at 0


def test_rwr():
    L = made([[1, 3], [0, 0]], [["1/2", "1/2"], ["1/4", "3/4"]], [1, 0])
    assert rwr(L, [[1, 3], [5, 0]]).pi_new.tolist() == [[0.25, 0.75], [0.25, 0.75]]
    with pytest.raises(InvalidMDPError, match=r"u\[s=0, a=1\] = -1"):
        rwr(L, [[1, -1], [0, 0]])
    with pytest.raises(InvalidMDPError, match=r"u\[s=0\] is 0 wherever pi"):
        rwr(L, [[0, 0], [0, 0]])
    with pytest.raises(InvalidMDPError, match="shape"):
        rwr(L, [[1, 1]])
    with pytest.raises(InvalidMDPError, match=r"a=1\] = -1.*\n.*2 more problems"):
        rwr(L, [[1, -1], [-1, -1]])
    both = made([[1, 3], [0, 0]], [["1/2", "1/2"], ["1/4", "3/4"]], [1, 1])
    with pytest.raises(InvalidMDPError, match=r"u\[s=0\] is 0.*\n.*1 more problem"):
        rwr(both, [[0, 0], [0, 0]])


@pytest.mark.parametrize("size", [1e-320, 1e-300, 1e300])
def test_steps_do_not_depend_on_the_scale_of_rewards(size: float) -> None:
    """Squares of G would overflow or underflow; policies are those of size 1."""
    scaled = replace(TWO, G=TWO.G * size)
    steps = {max_kl: 0.1, mean_kl: 0.1, mean_kl_penalty: 3 * size, minorize: size, mirror: size}
    for solve, x in steps.items():
        one = solve(TWO, x / size if x != 0.1 else x)
        rel = 1e-2 if size < 1e-310 else 1e-9  # denormal numbers have few digits
        assert solve(scaled, x).pi_new == pytest.approx(one.pi_new, rel=rel)


@pytest.mark.parametrize("delta", [1e-14, 1e-12, 1e-9, 1e-3])
def test_deterministic_rows_with_a_tiny_radius(delta: float) -> None:
    """Rows gain (1 - e^-d) A, so that only the row with A = 1 moves, with d = 3 delta."""
    G, pi = np.array([[0.0, 1.0], [0.0, 0.9], [0.0, 0.5]]), np.array([[1.0, 0.0]] * 3)
    step = mean_kl(Surrogate(G, np.ones(3), pi, 0.0), delta)
    assert step.gain == pytest.approx(-math.expm1(-3 * delta), rel=1e-6 if delta > 1e-11 else 2e-2)
    assert step.mean_kl <= delta * (1 + 1e-12)


@pytest.mark.parametrize("p", [1e-8, 1e-16, 1e-20, 1e-100])
@pytest.mark.parametrize("G", [[1.0, 0.0], [0.0, 1.0]])
def test_objective_is_not_negative_with_rare_actions(p: float, G: list[float]) -> None:
    L = Surrogate(np.array([G]), np.ones(1), np.array([[p, 1 - p]]), 0.0)
    for solve in (max_kl, mean_kl, mean_kl_penalty, minorize, mirror):
        step = solve(L, 0.5)
        assert step.objective >= 0 and np.isfinite(step.pi_new).all()


def test_mirror_maximises_its_objective() -> None:
    step, rng = mirror(TWO, 1.5), np.random.default_rng(0)
    for _ in range(20):
        other = rng.dirichlet(np.ones(2), 3)
        reverse = TWO.weight @ kl(other, TWO.pi)
        assert (TWO.G * (other - TWO.pi)).sum() - 1.5 * reverse <= step.objective
    reverse = TWO.weight @ kl(step.pi_new, TWO.pi)
    assert step.objective == pytest.approx(step.gain - 1.5 * reverse, rel=1e-12)


@pytest.mark.parametrize("p", [1e-3, 1e-10, 1e-20, 1e-100, 1e-200])
def test_a_rare_best_action_is_found(p: float) -> None:
    """In the limit KL is -log(1 - q), so the gain is 1 - e^-delta; the penalised q is 1 - C."""
    L = Surrogate(np.array([[1.0, 0.0]]), np.ones(1), np.array([[p, 1 - p]]), 0.0)
    near = 1e-12 - 10 * p * math.log(p)
    for solve in (max_kl, mean_kl):
        assert solve(L, 1.0).gain == pytest.approx(-math.expm1(-1), abs=near)
    assert minorize(L, 0.3).objective == pytest.approx(0.7 + 0.3 * math.log(0.3), abs=near)


@pytest.mark.parametrize("solve", [mean_kl, minorize])
@pytest.mark.parametrize("x", [1e-12, 1e-6, 1e-2, 0.3, 5.0])
def test_joint_iteration_agrees_with_the_safe_ones(solve, x: float, monkeypatch) -> None:
    """Each iteration of `kl_multiplier` finds the same step, if the faster ones are disabled."""
    rng, found = np.random.default_rng(5), []
    joint = kl_multiplier._joint_newton

    def recorded(*arguments):
        found.append(joint(*arguments))
        return found[-1]

    monkeypatch.setattr(kl_multiplier, "_joint_newton", recorded)
    for spread in (0.1, 1.0, 10.0):
        pi = check_rows("pi", rng.dirichlet(np.full(4, spread), 6))
        L = Surrogate(rng.normal(size=(6, 4)), rng.random(6), pi, 0.0)
        size = x if solve is mean_kl else 1 / math.sqrt(x)  # a penalty whose radius is about x
        step = solve(L, size)
        for disabled, unused in (("_joint_newton", "root"), ("_alternating_newton", "")):
            monkeypatch.setattr(kl_multiplier, disabled, lambda *a: None)
            with monkeypatch.context() as forbidden:
                if unused and x < 1e-3:
                    forbidden.delattr(kl_multiplier, unused)
                other = solve(L, size)
            assert step.objective == pytest.approx(other.objective, rel=1e-9 if x > 1e-9 else 1e-6)
            assert step.pi_new == pytest.approx(other.pi_new, abs=1e-7)
        monkeypatch.undo()
        monkeypatch.setattr(kl_multiplier, "_joint_newton", recorded)
    assert len(found) >= 3 and (
        x > 1e-3 or None not in found
    )  # the joint iteration converges for small steps


def test_steps_beyond_the_radius_are_scaled_back(monkeypatch) -> None:
    """For any rows of the solver the step is within delta."""
    L = Surrogate(np.array([[0.0, 1.0]]), np.ones(1), np.array([[0.5, 0.5]]), 0.0)
    monkeypatch.setattr(trust_region, "solve_radius", lambda rows, d: solve_radius(rows, 0.3))
    assert 0.02 < max_kl(L, 0.1).max_kl <= 0.1


def test_rows_that_cannot_gain_are_unchanged() -> None:
    G = np.array([[-1.0, 1.0, 0.0], [0.5, 0.5, 0.5], [0.0, 1.0, 1.0], [3.0, 0.0, 0.0]])
    pi = np.array([[0.5, 0.25, 0.25], [0.5, 0.25, 0.25], [0.0, 0.5, 0.5], [0.5, 0.5, 0.0]])
    L = Surrogate(G, np.array([1.0, 2.0, 3.0, 0.0]), pi, 0.0)
    for solve, x in {max_kl: 0.1, mean_kl: 0.1, mean_kl_penalty: 1.0, minorize: 1.0}.items():
        step = solve(L, x)
        assert (step.pi_new[1:] == pi[1:]).all() and step.pi_new[0, 1] > 0.3
        lam = np.broadcast_to(step.multipliers["lam"], 4)
        assert lam[0] > 0 and (solve not in (max_kl, minorize) or not lam[1:].any())


def test_the_rarest_best_action_has_its_multiplier() -> None:
    """t = lam p / 0.7 is far below lam; the optimum is q = (0.7, 0.3)."""
    L = Surrogate(np.array([[1.0, 0.0]]), np.ones(1), np.array([[1e-300, 1.0]]), 0.0)
    step = mean_kl_penalty(L, 0.3)
    assert step.pi_new[0] == pytest.approx([0.7, 0.3], abs=1e-9)
    assert step.objective == pytest.approx(0.7 + 0.3 * math.log(0.3), abs=1e-9)


@pytest.mark.parametrize("solve", [max_kl, mean_kl, mean_kl_penalty, minorize, mirror])
def test_the_cure_for_a_rational_surrogate_works(solve) -> None:
    """The functions named in the error accept the model; each is called."""
    mdp = tt.MDP([[["1"], ["1"]]], [["0", "1"]], ["1"], "1/2")
    ev = tt.evaluate(mdp, [["1/2", "1/2"]])
    with pytest.raises(ExactnessError) as caught:
        solve(tt.surrogate(ev), 0.1)
    (name,) = re.findall(r"(tt\.[\w.]+)\(step\)", str(caught.value))
    cure = eval(name, {"tt": tt})
    step = cure(lambda ev, L: solve(L, 0.1))(ev, tt.surrogate(ev))
    assert step.pi_new.dtype == object and step.gain > 0
    assert "mdp.to_float()" in str(caught.value)
    floats = tt.evaluate(mdp.to_float(), [[0.5, 0.5]])
    assert solve(tt.surrogate(floats), 0.1).gain > 0
