"""Standard errors: an interval of 1.96 of them holds the truth in 95 % of many repetitions."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tabular_trpo as tt
from tabular_trpo._sampled.contributions import Contributions, standard_error
from tabular_trpo._sampled.estimate import path_contributions, vine_contributions
from tabular_trpo._sampled.off_policy import OFF_POLICY, off_policy
from tabular_trpo._sampled.rollouts import Rollouts, single_path
from tabular_trpo._sampled.simulator import Simulator
from tabular_trpo._sampled.vine import Vine, vine
from tests.sampled.models import gradient, values

MDPS = Path(__file__).parents[2] / "mdps"
REPEATS = 1000
BAND = (0.93, 0.97)


def case(name: str) -> tuple[tt.MDP, tt.MDP, Any, Any]:
    """(rational model, float model, uniform policy in floats, a policy to step to)."""
    rational = tt.read(MDPS / f"{name}.mdp.json")
    mdp = rational.to_float()
    pi = tt.policies.uniform(mdp)
    target = tt.policies.greedy(mdp, tt.evaluate(mdp, pi).Q)
    return rational, mdp, pi, tt.policies.mixture(pi, target, 0.5)


def parts(data: Any, names: tuple[str, ...], order: Any, each: int) -> Any:
    """Cut data of independent units into repetitions; in random order, since stops come sorted."""
    shuffled = {name: getattr(data, name)[order] for name in names}
    for i in range(REPEATS):
        yield {name: x[i * each : (i + 1) * each] for name, x in shuffled.items()}


def covered(found: list[tuple[Any, Any]], truth: Any) -> Any:
    """The share of intervals, (estimate, standard error), that hold the truth."""
    estimates, errors = zip(*found, strict=True)
    return np.mean(np.abs(np.array(estimates) - truth) <= 1.96 * np.array(errors), axis=0)


def check(shares: dict[str, Any]) -> None:
    """Raise unless all shares are near 95 %."""
    off = {name: share for name, share in shares.items() if not BAND[0] <= share <= BAND[1]}
    assert not off, shares


@pytest.mark.parametrize(
    ("name", "horizon", "paths"),
    [("weather", 12, 300), ("ties", None, 200), ("periodic_ring", 6, 300)],
)
def test_intervals_of_paths_hold_the_truth(name: str, horizon: int | None, paths: int) -> None:
    rational, mdp, pi, pi_new = case(name)
    rng = np.random.default_rng(7)
    whole = single_path(Simulator(mdp, rng), pi, REPEATS * paths, horizon)
    exact_pi = tt.policies.to_rational(pi)
    if horizon is None:
        e = tt.evaluate(mdp, pi)
        eta, G = float(e.eta), tt.surrogate(e).G
    else:
        eta = float(rational.rho0 @ values(rational, exact_pi, horizon)[0][horizon])
        G = gradient(rational, exact_pi, horizon).astype(float)
    names = ("states", "actions", "rewards", "behaviour", "length")
    etas, gains, naive, Gs = [], [], [], []
    for part in parts(whole, names, rng.permutation(REPEATS * paths), paths):
        longest = int(part["length"].max())
        cut = {k: x[:, : longest + (k == "states")] for k, x in part.items() if k != "length"}
        rollouts = Rollouts(
            **cut, length=part["length"], geometric=horizon is None, gamma=mdp.gamma
        )
        terms = path_contributions(rollouts, pi)
        L = terms.surrogate(pi, pi > 0)
        each = terms.gains(pi, pi_new)
        etas.append((L.eta, L.stderr))
        gains.append((each.mean(), standard_error(each)))
        naive.append((L.eta, L.stderr / rollouts.actions.shape[1] ** 0.5))
        Gs.append((L.G, L.G_stderr))
    gain = (G * (pi_new - pi)).sum()
    shares = {
        "eta": covered(etas, eta),
        "gain": covered(gains, gain),
    }
    often = np.argwhere((tt.evaluate(mdp, pi).d[:, None] >= 0.15) & (G != 0))
    inside = covered(Gs, G)
    shares |= {f"G{at.tolist()}": inside[tuple(at)] for at in often}
    assert len(often) >= 2
    check(shares)
    # Steps are not independent: errors as if they were are seen to be too small.
    assert covered(naive, eta) < 0.9


@pytest.mark.parametrize(
    ("name", "roots", "common"),
    [("weather", 1, True), ("rover", 2, True), ("queue", 1, False)],
)
def test_intervals_of_vines_hold_the_truth(name: str, roots: int, common: bool) -> None:
    _, mdp, pi, pi_new = case(name)
    paths = 200
    L = tt.surrogate(tt.evaluate(mdp, pi))
    rng = np.random.default_rng(8)
    whole = vine(Simulator(mdp, rng), pi, REPEATS * paths, roots=roots, common=common)
    order = rng.permutation(REPEATS * paths)
    rows = (order[:, None] * roots + np.arange(roots)).ravel()
    names = ("states", "before", "actions", "behaviour", "used", "first", "Q")
    etas, gains = [], []
    for part in parts(whole, names, rows, paths * roots):
        path = np.repeat(np.arange(paths), roots)
        grown = Vine(**part, path=path, gamma=mdp.gamma, steps=0, every=True, visible=whole.visible)
        terms: Contributions = vine_contributions(grown, pi)
        each = terms.gains(pi, pi_new)
        etas.append((terms.returns.mean(), standard_error(terms.returns)))
        gains.append((each.mean(), standard_error(each)))
    check(
        {
            "eta": covered(etas, L.eta),
            "gain": covered(gains, L.gain(pi_new)),
        }
    )


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("method", OFF_POLICY)
def test_intervals_of_another_policy_hold_the_truth(method: str, weighted: bool) -> None:
    """Of eta by the delta method where weighted; of a gain from G of each path where not."""
    rational, mdp, mu, pi_new = case("weather")
    pi, T, paths = tt.policies.mixture(mu, pi_new, 0.5), 6, 300
    exact_pi = tt.policies.to_rational(pi)
    eta = float(rational.rho0 @ values(rational, exact_pi, T)[0][T])
    gain = float((gradient(rational, exact_pi, T).astype(float) * (pi_new - pi)).sum())
    rng = np.random.default_rng(9)
    whole = single_path(Simulator(mdp, rng), mu, REPEATS * paths, T)
    names = ("states", "actions", "rewards", "behaviour", "length")
    Q = tt.evaluate(mdp, mu).Q if method == "doubly_robust" else None
    etas, G = [], []
    for part in parts(whole, names, rng.permutation(REPEATS * paths), paths):
        rollouts = Rollouts(**part, geometric=False, gamma=mdp.gamma)
        L = off_policy(rollouts, mu, pi, method=method, weighted=weighted, Q=Q)
        etas.append((L.eta, L.stderr))
        G.append(L.gain(pi_new))
    check({"eta": covered(etas, eta)})
    # The mean of so many estimates is near the truth: the bias of the weighted form is small.
    assert abs(np.mean(G) - gain) <= 4 * np.std(G) / REPEATS**0.5 + (0.02 if weighted else 0)
    assert covered([(x, 0.8 * error) for x, error in etas], eta) < BAND[0]
