"""No statement is without a value on two policies of full support, on any shipped model."""

from pathlib import Path

import numpy as np
import pytest

import tabular_trpo as tt
from tabular_trpo._app.shared.models import read_all
from tabular_trpo._app.shared.pairs import candidates
from tabular_trpo._theory.judge import NO_VALUE, judge
from tabular_trpo._theory.pair import Pair
from tabular_trpo._theory.theorems import THEOREMS
from tests.app.conftest import MDPS

FILES = sorted(MDPS.glob("*.mdp.json"))


def full(pair: Pair) -> bool:
    """Whether both policies take every allowed action with some probability."""
    live = [np.asarray(pi > 0, dtype=bool) for pi in (pair.pi, pair.pi_new)]
    return all(bool(one[pair.mdp.mask].all()) for one in live)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name.split(".")[0])
def test_every_statement_has_a_value(path: Path) -> None:
    (source,) = read_all([str(path)], "auto")
    mdp = source.mdp
    made = [Pair.of(one) for one in candidates(mdp, source.policies, "all", 0, 3)]
    half, uniform = "1/2", tt.policies.uniform(mdp)
    greedy = tt.policies.greedy(mdp, tt.evaluate(mdp, uniform).Q)
    mixed = tt.policies.mixture(uniform, greedy, half)
    made += [Pair(mdp, uniform, uniform), Pair(mdp, mixed, uniform)]
    made += [Pair.mixture(mdp, uniform, mixed, half), Pair.mixture(mdp, uniform, mixed, "0")]
    pairs = [pair for pair in made if full(pair)]
    assert len(pairs) >= 4
    for pair in pairs:
        lost = {t.name for t in THEOREMS if judge(t, pair).reason.startswith(NO_VALUE)}
        assert not lost
