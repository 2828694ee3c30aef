"""Whose steps a table P describes: the classes known to play it, and those that change steps.

Nothing of gymnasium is imported: a class is known by the package and the name of the class that
defines its `step` and its `reset`.
"""

import warnings
from collections.abc import Iterator
from typing import Any

from tabular_trpo._core.errors import InvalidMDPError, Problem

# Wrappers of gymnasium and stable-baselines3 that hand on what the environment inside gives;
# TimeLimit and Autoreset only say where an episode is cut.
PASSES_ON = {
    "Wrapper",
    "TimeLimit",
    "Autoreset",
    "OrderEnforcing",
    "PassiveEnvChecker",
    "RecordEpisodeStatistics",
    "RecordVideo",
    "RenderCollection",
    "HumanRendering",
    "Monitor",
}
PLAYS_ITS_TABLE = {"FrozenLakeEnv", "CliffWalkingEnv", "TaxiEnv", "TabularEnv"}
PACKAGES = {"gymnasium", "gym", "stable_baselines3", "tabular_trpo"}
METHODS = ("step", "reset")


def levels(env: Any) -> Iterator[Any]:
    """Yield the environment, what it wraps by `env`, and so on, then `unwrapped` of the first."""
    seen: list[Any] = []
    level = env
    while level is not None and all(level is not other for other in seen):
        seen.append(level)
        yield level
        level = getattr(level, "env", None)
    inner = getattr(env, "unwrapped", None)
    if inner is not None and all(inner is not other for other in seen):
        yield inner


def trust(env: Any, table: Any, tested: bool) -> None:
    """Raise where steps are known not to follow the table; warn or raise where nobody knows.

    A wrapper outside the table that changes observations, rewards or actions is refused, and so is
    Taxi's `fickle_passenger`, which is not in P.  A class not known here is a doubt: its wrappers
    are refused and an environment is a UserWarning, unless `tested` says that steps are played.

    raises: InvalidMDPError naming each class
    """
    chain = list(levels(env))
    own = [i for i, level in enumerate(chain) if getattr(level, "P", None) is table][-1]
    inside = "env.unwrapped" if own == len(chain) - 1 else "env" + ".env" * own
    problems = [x for level in chain[:own] for x in _wrapper(level, inside, tested)]
    if problems := problems + list(_hidden(chain[own])):
        raise InvalidMDPError(problems)
    if strange := [m for m in METHODS if not _known(chain[own], m, PLAYS_ITS_TABLE)]:
        if not tested:
            warnings.warn(
                f"the table P of {_name(chain[own])} is taken for its dynamics, but its own "
                f"{' and '.join(strange)} may do otherwise. Test it by "
                "from_gym(env, gamma, check_steps=10_000, rng=numpy.random.default_rng(0))",
                UserWarning,
                stacklevel=3,
            )


def _wrapper(level: Any, inside: str, tested: bool) -> Iterator[Problem]:
    strange = [method for method in METHODS if not _known(level, method, PASSES_ON)]
    if not strange or (tested and not _of_a_package(level)):
        return
    cure = f"Read the model without it by from_gym({inside}, ...)"
    got = "wraps the environment and changes what its steps give"
    if not _of_a_package(level):
        got = f"wraps the environment and has its own {' and '.join(strange)}"
        cure += ", or test the table by from_gym(env, gamma, check_steps=10_000, rng=rng)"
    yield Problem("wrapped", _name(level), got, "the steps that the table P describes", cure)


def _hidden(level: Any) -> Iterator[Problem]:
    """Yield what an environment does beside its table: Taxi moves the destination once."""
    fickle = getattr(level, "fickle_passenger", False)
    if fickle and getattr(level, "fickle_probability", 1) > 0:
        got = "has fickle_passenger=True, a change of destination that its table P leaves out"
        cure = "Make it with fickle_passenger=False, or build the model by MDP.from_counts(...)"
        expected = "the steps that the table P describes"
        yield Problem("hidden_state", _name(level), got, expected, cure)


def _definer(level: Any, method: str) -> Any:
    """Return the class that defines a method, or the object itself; None for one passed on."""
    if method in getattr(level, "__dict__", {}):
        return level
    return next((c for c in type(level).__mro__ if method in vars(c)), None)


def _package(cls: type) -> str:
    return cls.__module__.partition(".")[0]


def _known(level: Any, method: str, names: set[str]) -> bool:
    """Tell whether a method is one of the named classes', or is not there, so plays nothing."""
    definer = _definer(level, method)
    if definer is None:
        return True
    known = isinstance(definer, type) and _package(definer) in PACKAGES
    return known and definer.__name__ in names


def _of_a_package(level: Any) -> bool:
    """Tell whether what is strange about a wrapper is defined by gymnasium itself."""
    definers = [_definer(level, m) for m in METHODS if not _known(level, m, PASSES_ON)]
    return any(isinstance(d, type) and _package(d) in PACKAGES for d in definers)


def _name(level: Any) -> str:
    return type(level).__name__
