"""Gymnasium environments named on the command line: their tables, time limits and options."""

import argparse
import ast
from typing import Any, final

from tabular_trpo._app.shared.errors import UsageError
from tabular_trpo._app.shared.models import Source
from tabular_trpo._core.numbers import Scalar
from tabular_trpo._core.records import locked_dataclass
from tabular_trpo._formats.gym import from_gym
from tabular_trpo._sampled.live import Registered, time_limit

GAMMA = 0.99  # of sb3-contrib's TRPO and most codes


@final
@locked_dataclass(frozen=True, eq=False)
class Played:
    """A model to compare methods on, and how it is played.

    live:  the environment that the methods play; None for a simulator of the model
    limit: steps after which an episode is truncated; None for no limit
    """

    source: Source
    live: Registered | None = None
    limit: int | None = None


def option(text: str) -> tuple[str, Any]:
    """Return the keyword and the value of KEY=VALUE; a value that is no Python literal is a text.

    >>> option("map_name=8x8"), option("is_slippery=False")
    (('map_name', '8x8'), ('is_slippery', False))
    """
    key, equals, value = text.partition("=")
    if not equals or not key.isidentifier():
        raise argparse.ArgumentTypeError(f"{text!r} is not KEY=VALUE")
    try:
        return key, ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return key, value


def environments(args: argparse.Namespace) -> list[Played]:
    """Return the environments of --env, each with the model of its table.

    raises: UsageError for model files or options that do not fit; TabularError for an environment
            that cannot be made, has another kind of spaces, or has no table
    """
    if args.paths:
        raise UsageError("give model files or --env, not both")
    gamma: Scalar = GAMMA if args.gamma is None else args.gamma
    played = []
    for name in args.env:
        registered = Registered(name, tuple(args.env_option or ()))
        env = registered.make()
        mdp = from_gym(env, gamma, layout="csr")
        shown = ", ".join([name, *(f"{key}={value}" for key, value in registered.options)])
        source = Source(shown, name, mdp, {}, "")
        played.append(Played(source, None if args.simulate else registered, time_limit(env)))
    return played
