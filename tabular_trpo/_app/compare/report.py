"""The report of `compare`: for each model the share of the gap that each method has closed."""

import argparse
from collections.abc import Callable
from typing import final

import numpy as np

from tabular_trpo._app.compare.iterates import Iterates
from tabular_trpo._app.shared.errors import ExitCode
from tabular_trpo._app.shared.formatting import JsonNumber, counted, json_number, within
from tabular_trpo._app.shared.output import Document
from tabular_trpo._app.shared.page import Part
from tabular_trpo._app.shared.tables import Table
from tabular_trpo._core.decimals import faithful, percent
from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.nearest import nearest
from tabular_trpo._core.numbers import Array, Scalar
from tabular_trpo._core.records import locked_dataclass
from tabular_trpo._sampled.comparison import Band, Curve, band
from tabular_trpo._sampled.methods import Settings

POINTS, PRINTED = 60, 20  # points of a curve in figures and documents, and in tables
ROUNDING = 1e-12  # largest rounding error of a share of the gap
DEFAULTS = Settings()
SLACK = 1e-6  # relative: a KL within it of delta is at most delta, up to rounding
NEAR = 0.98  # share of the gap from which "*" stands in a curve


@final
@locked_dataclass(frozen=True, eq=False)
class Entry:
    """A model, its learning curves by method, and the returns that bound the gap.

    first:  eta of the uniform policy, with the proved error first_radius
    best:   eta of the optimal policy, with the proved error best_radius
    curves: {method: a curve for each seed}
    limit:  steps after which an episode is truncated, None without a limit
    played: the iterates of one run, None where they are not reported
    """

    name: str
    mdp: MDP
    first: float
    best: float
    curves: dict[str, list[Curve]]
    first_radius: float = 0.0
    best_radius: float = 0.0
    limit: int | None = None
    played: Iterates | None = None

    @property
    def gap(self) -> float | None:
        """The optimal eta minus eta of the uniform policy; None where it is 0 up to rounding."""
        gap = self.best - self.first
        return gap if gap > 1e-12 * max(1.0, abs(self.best)) else None

    def share(self, eta: Scalar) -> Scalar:
        """Return (eta - first) / gap, the share of the gap that eta closes; nan without a gap."""
        return (eta - self.first) / self.gap if self.gap is not None else eta * np.nan

    def closed(self, method: str, budget: int) -> Scalar:
        """Return the share of the gap that a method closes in `budget` steps, nan without a gap."""
        return self.share(self.band(method, budget).mean[-1])

    def band(self, method: str, budget: int, points: int = POINTS) -> Band:
        """Return the mean eta of a method and its band at points + 1 step counts, 0 to budget."""
        return band(self.curves[method], np.linspace(0, budget, points + 1))


@final
@locked_dataclass(frozen=True, eq=False)
class Scored:
    """The results of a comparison.

    entries: the models that were compared
    refused: {name of a model that was not compared: the reason}
    """

    args: argparse.Namespace
    methods: list[str]
    entries: list[Entry]
    refused: dict[str, str]


def document(scored: Scored) -> Document:
    """Return the JSON document of a comparison."""
    args = scored.args
    settings = hyperparameters(args)
    if args.env:
        settings = {**settings, "live": not args.simulate}
    return {
        "command": "compare",
        "settings": settings,
        "models": [
            {
                "model": entry.name,
                "states": entry.mdp.n_states,
                "actions": entry.mdp.n_actions,
                "gamma": nearest(entry.mdp.gamma),
                "eta_uniform": entry.first,
                "eta_optimal": entry.best,
                "eta_radius": {"uniform": entry.first_radius, "optimal": entry.best_radius},
                "methods": [
                    _method(entry, name, args.steps, args.delta) for name in scored.methods
                ],
                **({} if entry.played is None else entry.played.document()),
            }
            for entry in scored.entries
        ],
        "refused": scored.refused,
        "exit_code": ExitCode.LIMIT if scored.refused else ExitCode.OK,
    }


def hyperparameters(args: argparse.Namespace) -> Document:
    """Return every setting of the runs of a comparison, those that cannot be chosen included."""
    asked = ("steps", "batch", "delta", "horizon", "seeds", "seed")
    fixed = ("episodes", "explore", "level")
    found = {name: getattr(args, name) for name in asked}
    return {**found, **{name: getattr(DEFAULTS, name) for name in fixed}}


def over(curve: Curve, delta: float) -> int:
    """Return in how many iterations the exact mean KL exceeded the radius."""
    return 0 if curve.mean_kl is None else int((curve.mean_kl > delta * (1 + SLACK)).sum())


def largest_kl(curve: Curve) -> Scalar:
    """Return the largest exact mean KL of an iteration; 0 without any."""
    return 0.0 if curve.mean_kl is None else max(curve.mean_kl, default=0.0)


def _method(entry: Entry, name: str, budget: int, delta: float) -> Document:
    """Return the results of a method on one model as a JSON document."""
    curves, means = entry.curves[name], entry.band(name, budget)
    half = means.half_width
    return {
        "method": name,
        "eta": _number(means.mean[-1]),
        "half_width": _number(half[-1]),
        "share_of_gap": _number(entry.share(means.mean[-1])),
        "iterations": [curve.iterations for curve in curves],
        "fell": [curve.fell for curve in curves],
        "over_delta": [over(curve, delta) for curve in curves],
        "largest_mean_kl": [_number(largest_kl(curve)) for curve in curves],
        "steps": [int(curve.steps[-1]) for curve in curves],
        "final": [nearest(curve.eta[-1]) for curve in curves],
        "grid": means.grid.tolist(),
        "mean": means.mean.tolist(),
        "half_widths": [_number(x) for x in half],
    }


def _number(x: float) -> JsonNumber:
    """Return a number for JSON, None for nan."""
    return None if np.isnan(x) else json_number(nearest(x))


def parts(scored: Scored, table: Callable[[Entry, Scored], Table]) -> list[Part]:
    """Return the text report: a table for each model; for several models a table of their gaps.

    table: makes the table of one model
    """
    made: list[Part] = []
    for entry in scored.entries:
        made += [_title(entry), table(entry, scored)]
        if entry.played is not None:
            made += entry.played.parts()
    if len(scored.entries) > 1:
        made += ["Share of the gap that is closed at the end, in %", _summary(scored)]
    settings = hyperparameters(scored.args).items()
    made.append("Settings: " + ", ".join(f"{name} {_setting(value)}" for name, value in settings))
    return made + [f"Not compared: {name}. {why}" for name, why in scored.refused.items()]


def _setting(value: JsonNumber | int) -> str:
    """Return the value of a setting as text."""
    return "none" if value is None else f"{value:g}"


def _title(entry: Entry) -> str:
    mdp = entry.mdp
    size = f"{counted(mdp.n_states, 'state')}, {counted(mdp.n_actions, 'action')}"
    size += f", gamma {faithful(mdp.gamma, 6)}"
    return f"{entry.name}: {size}; {_range(entry)}"


def _range(entry: Entry) -> str:
    """Return eta of the uniform policy and of the optimal policy as text, with proved digits."""
    first = within(entry.first, entry.first_radius, 6)
    return f"eta {first} (uniform) to {within(entry.best, entry.best_radius, 6)} (optimal)"


def method_table(entry: Entry, scored: Scored) -> Table:
    """Return the table of one model, with a row for each method."""
    right = ["eta", "+-", "% of gap", "Fell", "of"]
    made = Table(["Method", *right, "Curve"], right=[*right, "Curve"])
    for name in scored.methods:
        means, curves = entry.band(name, scored.args.steps, PRINTED), entry.curves[name]
        half = means.half_width[-1]
        made.add(
            name,
            within(means.mean[-1], 0.0 if np.isnan(half) else half, 6),
            "-" if np.isnan(half) else f"{half:.2g}",
            percentage(entry.share(means.mean[-1])),
            str(sum(curve.fell for curve in curves)),
            str(sum(curve.iterations for curve in curves)),
            _curve(entry.share(means.mean)),
        )
    return made


def _curve(shares: Array) -> str:
    """Return the shares of the gap in tenths, one character each; nan is left out.

    "*" is a share of NEAR or more, "-" a negative one; negative values by rounding count as 0.

    >>> _curve(np.array([0.0, 0.55, 0.99, -0.2, -1e-16]))
    '05*-0'
    """
    marks = "0123456789"
    return "".join(
        "" if np.isnan(x) else "*" if x >= NEAR else marks[int(10 * x)] if x > -1e-9 else "-"
        for x in shares
    )


def percentage(share: float) -> str:
    """Return a share in %; only 0 and 1, up to the rounding of doubles, give "0.0" and "100.0".

    >>> percentage(0.99999), percentage(1 - 1e-16), percentage(-1e-17), percentage(0.5)
    ('99.999', '100.0', '0.0', '50.0')
    """
    near = round(share) if abs(share - np.round(share)) < ROUNDING else share
    return "-" if np.isnan(share) else percent(near)


def _summary(scored: Scored) -> Table:
    """Return the table of the closed shares of the gap, with a row for each model."""
    names = scored.methods
    made = Table(["Model", *names], right=names)
    for entry in scored.entries:
        shares = [entry.closed(name, scored.args.steps) for name in names]
        made.add(entry.name, *map(percentage, shares))
    return made


def line(scored: Scored) -> str:
    """Return in one line on how many models each method closed NEAR of the gap."""
    args, open_ = scored.args, [entry for entry in scored.entries if entry.gap is not None]
    counts = {
        name: sum(bool(entry.closed(name, args.steps) >= NEAR) for entry in open_)
        for name in scored.methods
    }
    reached = ", ".join(f"{name} {count}" for name, count in counts.items())
    refused = counted(len(scored.refused), "model")
    left = f"; {refused} not compared" if scored.refused else ""
    run = f"{args.steps} steps, {counted(args.seeds, 'seed')} from {args.seed}"
    return (
        f"{run}: models of {len(open_)} with {100 * NEAR:.0f} % of the gap closed: {reached}{left}"
    )
