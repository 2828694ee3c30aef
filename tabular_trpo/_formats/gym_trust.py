"""Whether the steps of an environment follow its table P: classes that do, and those that do not.

Gymnasium is not imported: a class is recognised by its name and package, and by which class defines
its `step` and its `reset`.
"""

import warnings
from collections.abc import Iterator

from tabular_trpo._core.errors import Problem
from tabular_trpo._core.validate import refuse

# Wrappers of gymnasium and stable-baselines3 that pass on what the environment inside gives;
# TimeLimit and Autoreset only end an episode early.
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
EXPECTED = "the steps that the table P describes"


def levels(env: object) -> Iterator[object]:
    """Yield the environment, what it wraps by `env`, and so on, then `unwrapped` of the first."""
    seen: list[object] = []
    level: object = env
    while level is not None and all(level is not other for other in seen):
        seen.append(level)
        yield level
        level = getattr(level, "env", None)
    inner = getattr(env, "unwrapped", None)
    if inner is not None and all(inner is not other for other in seen):
        yield inner


def trust(env: object, table: object, tested: bool) -> None:
    """Raise where steps do not follow the table; warn or raise where that cannot be decided.

    A wrapper outside the table that changes observations, rewards or actions is refused, and so is
    Taxi's `fickle_passenger`, which is not in P.  Of other classes a wrapper is refused and an
    environment is a UserWarning, unless `tested` says that steps are played.

    raises: InvalidMDPError naming each class
    """
    chain = list(levels(env))
    own = [i for i, level in enumerate(chain) if getattr(level, "P", None) is table][-1]
    inside = "env.unwrapped" if own == len(chain) - 1 else "env" + ".env" * own
    wrappers = (x for level in chain[:own] for x in _wrapper(level, inside, tested))
    refuse([*wrappers, *_hidden_state(chain[own])])
    if (foreign := _foreign(chain[own], PLAYS_ITS_TABLE)) and not tested:
        warnings.warn(
            f"the table P of {type(chain[own]).__name__} is taken for its dynamics, but its own "
            f"{' and '.join(foreign)} may do otherwise. Test it by "
            "from_gym(env, gamma, check_steps=10_000, rng=numpy.random.default_rng(0))",
            UserWarning,
            stacklevel=3,
        )


def _wrapper(level: object, inside: str, tested: bool) -> Iterator[Problem]:
    """Yield what is wrong with a wrapper that does not only pass on."""
    foreign = _foreign(level, PASSES_ON)
    packaged = any(_of_a_package(definer) for definer in foreign.values())
    if not foreign or (tested and not packaged):
        return
    cure = f"Read the model without it by from_gym({inside}, ...)"
    got = "wraps the environment and changes what its steps give"
    if not packaged:
        got = f"wraps the environment and has its own {' and '.join(foreign)}"
        cure += ", or test the table by from_gym(env, gamma, check_steps=10_000, rng=rng)"
    yield Problem("wrapped", type(level).__name__, got, EXPECTED, cure)


def _hidden_state(level: object) -> Iterator[Problem]:
    """Yield what an environment does beside its table: Taxi moves the destination once."""
    fickle = getattr(level, "fickle_passenger", False)
    if fickle and getattr(level, "fickle_probability", 1) > 0:
        got = "has fickle_passenger=True, a change of destination that its table P leaves out"
        cure = "Make it with fickle_passenger=False, or build the model by MDP.from_counts(...)"
        yield Problem("hidden_state", type(level).__name__, got, EXPECTED, cure)


def _foreign(level: object, names: set[str]) -> dict[str, object]:
    """Return who defines `step` and `reset`, the named classes of the packages left out.

    The definer is a class, or the object itself; a method that nobody defines is passed on.
    """
    found: dict[str, object] = {}
    for method in ("step", "reset"):
        inherited = (c for c in type(level).__mro__ if method in vars(c))
        own = method in getattr(level, "__dict__", {})
        definer = level if own else next(inherited, None)
        named = isinstance(definer, type) and definer.__name__ in names
        if definer is not None and not (named and _of_a_package(definer)):
            found[method] = definer
    return found


def _of_a_package(definer: object) -> bool:
    return isinstance(definer, type) and definer.__module__.partition(".")[0] in PACKAGES
