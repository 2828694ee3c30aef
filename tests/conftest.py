"""Hypothesis profiles and the fixtures every test may use."""

import os

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, settings

# Deadlines and the too-slow check measure the machine, not the code.  The explain phase is left
# out: it varies every integer of a case again, which takes longer than finding and shrinking it.
_COMMON = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[phase for phase in Phase if phase is not Phase.explain],
)
settings.register_profile("dev", _COMMON, max_examples=25)
settings.register_profile("ci", _COMMON, max_examples=200, derandomize=True, database=None)
settings.register_profile("campaign", _COMMON, max_examples=10_000)
settings.load_profile("ci" if os.environ.get("CI") else "dev")


@pytest.fixture
def rng() -> np.random.Generator:
    """Return a generator with a fixed seed, new for each test."""
    return np.random.default_rng(20150706)
