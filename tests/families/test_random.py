"""Random models: shapes, distribution of supports, and dependence on the Generator alone."""

from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest

from tabular_trpo._core.errors import ExactnessError, InvalidMDPError, MemoryGuardError
from tabular_trpo.families import named, random
from tests.families.oracle import check_model


def seeded(seed=3):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("branching", [1, 3, 6])
def test_garnet_rows_have_the_branching_asked_for(branching):
    mdp = random.garnet(seeded(), 6, 3, branching, 0.9, batch=(5, 2))
    check_model(mdp)
    assert mdp.P.shape == (5, 2, 6, 3, 6) and mdp.r.shape == (5, 2, 6, 3)
    assert set(np.unique((mdp.P > 0).sum(axis=-1))) == {branching}


def test_garnet_csr_is_the_dense_model():
    dense = random.garnet(seeded(), 30, 2, 4, 0.9)
    sparse = random.garnet(seeded(), 30, 2, 4, 0.9, layout="csr")
    check_model(sparse)
    assert np.array_equal(sparse.P.toarray().reshape(30, 2, 30), dense.P)
    assert np.array_equal(sparse.r, dense.r)


def test_garnet_supports_are_equally_likely():
    mdp = random.garnet(seeded(), 5, 4, 2, 0.9, batch=(2000,))
    support = (mdp.P > 0).reshape(-1, 5)
    counts = [np.mean(support[:, i] & support[:, j]) for i, j in combinations(range(5), 2)]
    assert np.abs(np.array(counts) - 0.1).max() < 0.006  # about four standard deviations


def test_garnet_large_needs_no_loop():
    mdp = random.garnet(seeded(), 100_000, 2, 5, 0.9, layout="csr")
    assert mdp.P.nnz == 10**6


def test_dirichlet_concentration_moves_rows_to_the_corners():
    top = [
        random.dirichlet(seeded(), 4, 2, 0.9, concentration=c, batch=(200,)).P.max(axis=-1).mean()
        for c in (0.05, 1.0, 20.0)
    ]
    assert top[0] > 0.9 > top[1] > 0.4 > top[2] > 0.25


def test_gamma_may_differ_over_the_batch():
    gamma = np.array([0.1, 0.5, 0.9])
    for mdp in (
        random.garnet(seeded(), 3, 2, 2, gamma, batch=(3,)),
        random.dirichlet(seeded(), 3, 2, gamma, batch=(3,)),
    ):
        check_model(mdp)
        assert np.array_equal(mdp.gamma, gamma)
        assert mdp[1].gamma == 0.5


def test_exact_gamma_becomes_a_float():
    mdp = random.dirichlet(seeded(), 3, 2, "9/10")
    assert mdp.arithmetic == "float" and mdp.gamma == 0.9


@pytest.mark.parametrize("draw", [
    lambda rng: random.garnet(rng, 4, 2, 2, 0.5),
    lambda rng: random.dirichlet(rng, 4, 2, 0.5),
])  # fmt: skip
def test_one_seed_is_one_model(draw):
    first, again, other = draw(seeded(1)), draw(seeded(1)), draw(seeded(2))
    assert np.array_equal(first.P, again.P) and np.array_equal(first.r, again.r)
    assert not np.array_equal(first.P, other.P)


@pytest.mark.parametrize("concentration", [0.01, 1.0])
def test_policy_keeps_to_the_allowed_actions(concentration):
    mdp = named.queue(3, 0.9)
    pi = random.policy(seeded(), mdp, concentration)
    assert pi.shape == (4, 2) and pi[3].tolist() == [0.0, 1.0]
    assert np.abs(pi.sum(axis=-1) - 1).max() < 1e-12


def test_policy_has_one_row_for_each_model_of_a_batch():
    mdp = random.dirichlet(seeded(), 3, 2, 0.9, batch=(7, 2))
    pi = random.policy(seeded(), mdp)
    assert pi.shape == (7, 2, 3, 2)
    assert len(np.unique(pi[..., 0])) == 42


def test_policy_refuses_a_rational_model():
    with pytest.raises(
        ExactnessError, match=r"mdp is rational, expected a float model\. Convert it by"
    ):
        random.policy(seeded(), named.chain(3, Fraction(1, 2)))


@pytest.mark.parametrize("rng", [None, 0, np.random])
def test_there_is_no_default_randomness(rng):
    with pytest.raises(InvalidMDPError, match=r"expected a numpy\.random\.Generator"):
        random.garnet(rng, 3, 2, 2, 0.9)


@pytest.mark.parametrize(
    ("draw", "line"),
    [
        (lambda: random.garnet(seeded(), 3, 2, 4, 0.9), "branching = 4, expected at most n_states"),
        (lambda: random.garnet(seeded(), 3, 2, 0, 0.9), "branching = 0, expected a whole number"),
        (
            lambda: random.garnet(seeded(), 3, 2, 2, 0.9, batch=(2,), layout="csr"),
            'layout "csr" has batch (2,), expected one model',
        ),
        (
            lambda: random.dirichlet(seeded(), 3, 2, 0.9, concentration=0),
            "concentration = 0, expected a finite number > 0",
        ),
    ],
)
def test_bad_arguments_are_named(draw, line):
    with pytest.raises(InvalidMDPError) as caught:
        draw()
    assert str(caught.value).startswith(line)


def test_too_large_is_refused_before_it_is_drawn():
    with pytest.raises(MemoryGuardError, match="csr"):
        random.garnet(seeded(), 10**6, 4, 2, 0.9)
