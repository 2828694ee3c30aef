"""The report of a comparison: a table for each model, the share of the gap each method closed."""

import argparse
from typing import final

import numpy as np

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

POINTS, PRINTED = 60, 20  # of the curves in figures and documents, and in tables
ROUNDING = 1e-12  # of a share of the gap
NEAR = 0.98  # of the gap, what a curve's "*" stands for


@final
@locked_dataclass(frozen=True, eq=False)
class Entry:
    """A model and its curves by method; eta of the uniform policy, and the optimal one."""

    name: str
    mdp: MDP
    first: float
    best: float
    curves: dict[str, list[Curve]]
    first_radius: float = 0.0
    best_radius: float = 0.0

    @property
    def gap(self) -> float | None:
        """The optimal eta minus the first one; None where that is 0 up to rounding."""
        gap = self.best - self.first
        return gap if gap > 1e-12 * max(1.0, abs(self.best)) else None

    def share(self, eta: Scalar) -> Scalar:
        """Return the share of the gap that is closed at eta, nan without a gap."""
        return (eta - self.first) / self.gap if self.gap is not None else eta * np.nan

    def closed(self, method: str, budget: int) -> Scalar:
        """Return the share of the gap that a method has closed at the end, nan without a gap."""
        return self.share(self.band(method, budget).mean[-1])

    def band(self, method: str, budget: int, points: int = POINTS) -> Band:
        """Return the mean true eta of a method and its band, at equally spaced numbers of steps."""
        return band(self.curves[method], np.linspace(0, budget, points + 1))


@final
@locked_dataclass(frozen=True, eq=False)
class Scored:
    """A comparison, and the models that could not be compared, with the reason."""

    args: argparse.Namespace
    methods: list[str]
    entries: list[Entry]
    refused: dict[str, str]


def document(scored: Scored) -> Document:
    """Return the comparison for JSON."""
    args = scored.args
    asked = ("steps", "batch", "delta", "horizon", "seeds", "seed")
    return {
        "command": "compare",
        "settings": {name: getattr(args, name) for name in asked},
        "models": [
            {
                "model": entry.name,
                "states": entry.mdp.n_states,
                "actions": entry.mdp.n_actions,
                "gamma": nearest(entry.mdp.gamma),
                "eta_uniform": entry.first,
                "eta_optimal": entry.best,
                "eta_radius": {"uniform": entry.first_radius, "optimal": entry.best_radius},
                "methods": [_method(entry, name, args.steps) for name in scored.methods],
            }
            for entry in scored.entries
        ],
        "refused": scored.refused,
        "exit_code": ExitCode.LIMIT if scored.refused else ExitCode.OK,
    }


def _method(entry: Entry, name: str, budget: int) -> Document:
    curves, means = entry.curves[name], entry.band(name, budget)
    half = means.half_width
    return {
        "method": name,
        "eta": _number(means.mean[-1]),
        "half_width": _number(half[-1]),
        "share_of_gap": _number(entry.share(means.mean[-1])),
        "iterations": [curve.iterations for curve in curves],
        "fell": [curve.fell for curve in curves],
        "steps": [int(curve.steps[-1]) for curve in curves],
        "final": [nearest(curve.eta[-1]) for curve in curves],
        "grid": means.grid.tolist(),
        "mean": means.mean.tolist(),
        "half_widths": [_number(x) for x in half],
    }


def _number(x: float) -> JsonNumber:
    return None if np.isnan(x) else json_number(nearest(x))


def parts(scored: Scored) -> list[Part]:
    """Return a table for each model, and one over all models."""
    made: list[Part] = []
    for entry in scored.entries:
        made += [_title(entry), _table(entry, scored)]
    if len(scored.entries) > 1:
        made += ["Share of the gap that is closed at the end, in %", _summary(scored)]
    return made + [f"Not compared: {name}. {why}" for name, why in scored.refused.items()]


def _title(entry: Entry) -> str:
    mdp = entry.mdp
    size = f"{counted(mdp.n_states, 'state')}, {counted(mdp.n_actions, 'action')}"
    size += f", gamma {faithful(mdp.gamma, 6)}"
    return f"{entry.name}: {size}; {_range(entry)}"


def _range(entry: Entry) -> str:
    first = within(entry.first, entry.first_radius, 6)
    return f"eta {first} (uniform) to {within(entry.best, entry.best_radius, 6)} (optimal)"


def _table(entry: Entry, scored: Scored) -> Table:
    right = ["eta", "+-", "% of gap", "Fell", "of"]
    made = Table(["Method", *right, "Curve"], right=[*right, "Curve"])
    for name in scored.methods:
        means, curves = entry.band(name, scored.args.steps, PRINTED), entry.curves[name]
        half = means.half_width[-1]
        made.add(
            name,
            within(means.mean[-1], 0.0 if np.isnan(half) else half, 6),
            "-" if np.isnan(half) else f"{half:.2g}",
            _percent(entry.share(means.mean[-1])),
            str(sum(curve.fell for curve in curves)),
            str(sum(curve.iterations for curve in curves)),
            _curve(entry.share(means.mean)),
        )
    return made


def _curve(shares: Array) -> str:
    """Return the shares in tenths, one character each; negative by rounding alone counts as 0.

    >>> _curve(np.array([0.0, 0.55, 0.99, -0.2, -1e-16]))
    '05*-0'
    """
    marks = "0123456789"
    return "".join(
        "" if np.isnan(x) else "*" if x >= NEAR else marks[int(10 * x)] if x > -1e-9 else "-"
        for x in shares
    )


def _percent(share: float) -> str:
    """Return a share in %: "0.0" and "100.0" only where it is that up to the rounding of doubles.

    >>> _percent(0.99999), _percent(1 - 1e-16), _percent(-1e-17), _percent(0.5)
    ('99.999', '100.0', '0.0', '50.0')
    """
    near = round(share) if abs(share - np.round(share)) < ROUNDING else share
    return "-" if np.isnan(share) else percent(near)


def _summary(scored: Scored) -> Table:
    names = scored.methods
    made = Table(["Model", *names], right=names)
    for entry in scored.entries:
        shares = [entry.closed(name, scored.args.steps) for name in names]
        made.add(entry.name, *map(_percent, shares))
    return made


def line(scored: Scored) -> str:
    """Return one line: on how many models each method came near the optimum."""
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
