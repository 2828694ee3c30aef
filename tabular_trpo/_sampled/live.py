"""Gymnasium environments as the environment of a learner, without a table.

Problem: sampled TRPO needs states, actions, rewards and ends of episodes, nothing else.  An
environment with discrete observations and actions has them, whether its transitions can be read or
not.  Method: n copies are stepped one after another; each one says where its episodes end
(`terminated`, after which nothing is earned) and where its own time limit cuts them (`truncated`).
Guarantee: every step of every copy is counted; rewards are finite numbers, or an error is raised.
"""

from collections.abc import Callable
from typing import Any, final

import numpy as np

from tabular_trpo._core.arithmetic import read_as
from tabular_trpo._core.errors import InvalidMDPError, invalid, missing_extra
from tabular_trpo._core.nearest import nearest
from tabular_trpo._core.numbers import Array, Scalar, frozen, shown
from tabular_trpo._core.public import public
from tabular_trpo._core.records import locked_dataclass
from tabular_trpo._core.shapes import shape_error
from tabular_trpo._families.arguments import generator, size
from tabular_trpo._sampled.episodes import Outcome

SEEDS = 2**31


@public
@final
class LiveEnvironment:
    """Copies of a Gymnasium environment with discrete observations and actions.

    State s stands for the observation start + s of Discrete(n, start=start), and actions likewise.

    make:     a function without arguments that returns a new environment
    gamma:    the discount, in [0, 1), which environments do not have
    rng:      seeds the environments, and draws the actions of a learner
    n_states: S, at least that of the observations; None for theirs.  With the number of states of
              `from_gym`, policies have a row for its state "terminated", which is never entered
    allowed:  (S, A) bool, the actions that a learner may take; None for all.  Where the environment
              reports `action_mask`, it must agree with a mask that is given
    raises:   InvalidMDPError for observations or actions of another space, naming a cure

    steps: number of steps taken so far, over all copies

    >>> import gymnasium
    >>> env = LiveEnvironment(lambda: gymnasium.make("FrozenLake-v1"), 0.99,
    ...                       np.random.default_rng(0))
    >>> env.n_states, env.n_actions, env.reset(2), env.steps
    (16, 4, array([0, 0]), 0)
    """

    __slots__ = (
        "_copies", "_first", "_make", "_masked", "allowed", "gamma", "n_actions", "n_states", "rng",
        "states", "steps",
    )  # fmt: skip

    @public
    def __init__(
        self,
        make: Callable[[], Any],
        gamma: Scalar,
        rng: np.random.Generator,
        n_states: int | None = None,
        allowed: object = None,
    ) -> None:
        """Make one copy, and read the spaces from it."""
        self.rng, self._make = generator(rng), make
        self.gamma = nearest(gamma)
        if not 0 <= self.gamma < 1:
            raise invalid("range", "gamma", f"= {shown(gamma)}", "a number in [0, 1)")
        self._copies = [make()]
        n, first_state = _discrete("observation_space", self._copies[0])
        self.n_actions, first_action = _discrete("action_space", self._copies[0])
        self._first = first_state, first_action
        self.n_states = n if n_states is None else size("n_states", n_states, n)
        self._masked = allowed is not None
        self.allowed = _mask(allowed, (self.n_states, self.n_actions))
        self.states = frozen(np.zeros(0, dtype=np.intp))
        self.steps = 0

    def reset(self, n: int = 1) -> Array:
        """Begin an episode in each of n copies, and return the states, (n,)."""
        self._copies += [self._make() for _ in range(size("n", n, 1) - len(self._copies))]
        del self._copies[n:]
        seeds = self.rng.integers(SEEDS, size=n).tolist()
        begun = [copy.reset(seed=seed) for copy, seed in zip(self._copies, seeds, strict=True)]
        return self._entered([self._state(i, *found) for i, found in enumerate(begun)])

    def play(self, actions: Array) -> Outcome:
        """Take one step in every copy; raises InvalidMDPError for a bad reward or state."""
        found = [
            copy.step(action + self._first[1])
            for copy, action in zip(self._copies, actions.tolist(), strict=True)
        ]
        self.steps += len(found)
        rewards = np.array([_reward(i, x[1]) for i, x in enumerate(found)])
        ends = np.array([(bool(x[2]), bool(x[3])) for x in found])
        states = [self._state(i, x[0], x[4]) for i, x in enumerate(found)]
        terminated, truncated = ends[:, 0], ends[:, 1] & ~ends[:, 0]
        return Outcome(rewards, self._entered(states), terminated, truncated, np.zeros(len(found)))

    def restart(self, which: Array) -> Array:
        """Reset the marked copies, (n,) bool, and return the states of all, (n,)."""
        states = self.states.tolist()
        for i in np.flatnonzero(which).tolist():
            states[i] = self._state(i, *self._copies[i].reset())
        return self._entered(states)

    def _entered(self, states: list[int]) -> Array:
        self.states = frozen(np.array(states, dtype=np.intp))
        return self.states

    def _state(self, copy: int, observation: Any, info: Any) -> int:
        """Return the state of an observation, checked, as is its action mask."""
        try:
            state = int(observation) - self._first[0]
        except (TypeError, ValueError):
            state = -1
        if not 0 <= state < self.n_states:
            expected = f"a state of Discrete({self.n_states}, start={self._first[0]})"
            raise invalid(
                "index", f"observation of copy {copy}", f"= {shown(observation)}", expected
            )
        mask = info.get("action_mask") if self._masked else None
        if mask is not None and (np.asarray(mask, dtype=bool) != self.allowed[state]).any():
            got = f"= {np.asarray(mask).tolist()} in state {state}"
            expected = f"{self.allowed[state].astype(int).tolist()}, that of allowed[{state}]"
            cure = "A mask must depend on the state alone: put what it depends on into the state"
            raise invalid("mask", f"action_mask of copy {copy}", got, expected, cure)
        return state


@public
@final
@locked_dataclass(frozen=True)
class Registered:
    """A registered Gymnasium environment by its name, as `gymnasium.make` takes it.

    name:    such as "FrozenLake-v1"
    options: pairs of keyword and value

    >>> Registered("FrozenLake-v1", (("map_name", "8x8"),)).make().observation_space
    Discrete(64)
    """

    name: str
    options: tuple[tuple[str, Any], ...] = ()

    @public
    def make(self) -> Any:
        """Return a new environment.

        raises: MissingExtraError without gymnasium; InvalidMDPError for an unknown name or option
        """
        try:
            import gymnasium
        except ImportError:
            raise missing_extra("gymnasium", "gym") from None
        try:
            return gymnasium.make(self.name, **dict(self.options))
        except (gymnasium.error.Error, TypeError, KeyError, ValueError, ImportError) as error:
            got = f"cannot be made: {' '.join(str(error).split())}"
            raise invalid("environment", self.name, got, "a registered environment") from None


def time_limit(env: Any) -> int | None:
    """Return the number of steps after which an environment truncates, None without a limit."""
    spec = getattr(env, "spec", None)
    limit = getattr(spec, "max_episode_steps", None)
    return None if limit is None else int(limit)


def _discrete(name: str, env: Any) -> tuple[int, int]:
    """Return the size and the first value of a Discrete space of an environment."""
    space = getattr(env, name, None)
    if hasattr(env, "num_envs"):
        got, cure = f"is a vector environment of {env.num_envs}", "Give a function that makes one"
        raise invalid("environment", "make", got, "a single environment", cure)
    n = getattr(space, "n", None)
    if not isinstance(n, int | np.integer) or getattr(space, "shape", ()) != ():
        kind = "observations" if name == "observation_space" else "actions"
        cure = f"Wrap the environment so that its {kind} are integers of gymnasium.spaces.Discrete"
        raise invalid("space", name, f"= {space}", "Discrete(n)", cure)
    return int(n), int(getattr(space, "start", 0))


def _mask(allowed: object, shape: tuple[int, int]) -> Array:
    if allowed is None:
        return frozen(np.ones(shape, dtype=bool))
    mask = np.asarray(read_as("allowed", allowed, rational=False)).astype(bool)
    if mask.shape != shape:
        raise shape_error("allowed", mask.shape, f"(S, A) = {shape}")
    if not mask.any(axis=1).all():
        s = int(np.flatnonzero(~mask.any(axis=1))[0])
        raise invalid("no_action", f"allowed[s={s}]", "has no action", "one at least")
    return frozen(mask)


def _reward(copy: int, reward: Any) -> Scalar:
    """Return a reward as a double; raises unless it is a finite number."""
    try:
        value = np.float64(reward)
    except (TypeError, ValueError):
        value = np.float64(np.nan)
    if not np.isfinite(value):
        where, got = f"reward of copy {copy}", f"= {shown(reward)}"
        raise InvalidMDPError.of("reward", where, got, "a finite number")
    return value
