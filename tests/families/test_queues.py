"""The queue has the closed form of always rejecting; the full queue and a threshold policy."""

from fractions import Fraction as F

import numpy as np
import pytest

from tabular_trpo._core.errors import InvalidMDPError
from tabular_trpo.families import named
from tests.families.oracle import check_model, evaluate, policy_of

G = F(4, 5)


@pytest.mark.parametrize(("capacity", "service"), [(1, "1/2"), (3, "1/2"), (6, "2/7"), (4, "1")])
def test_rejecting_matches_its_recursion(capacity, service):
    mdp = named.queue(capacity, G, service=service)
    check_model(mdp)
    expected = [F(0)]
    for n in range(1, capacity + 1):
        gain = G * F(service) * expected[-1] - n
        expected.append(gain / (1 - G * (1 - F(service))))
    assert evaluate(mdp, policy_of(mdp, "reject")).V == expected


def test_full_queue_can_only_reject():
    mdp = named.queue(3, G)
    assert mdp.mask.tolist() == [[True, True]] * 3 + [[False, True]]
    assert not mdp.P[3, 0].any() and mdp.r[3, 0] == 0


def test_admitting_when_empty_is_best_at_these_numbers():
    mdp = named.queue(3, G)
    found = evaluate(mdp, policy_of(mdp, "admit", "reject", "reject", "reject"))
    assert found.V == [4, 1, F(-8, 3), F(-61, 9)]
    assert found.A.max() == 0


def test_service_is_a_probability():
    with pytest.raises(InvalidMDPError, match=r"service = 1.5, expected a number in \[0, 1\]"):
        named.queue(3, 0.5, service=1.5)


def test_long_queue_in_csr():
    mdp = named.queue(100_000, 0.99, layout="csr")
    assert np.diff(mdp.P.indptr).max() == 2
    assert mdp.mask.sum() == 200_001
