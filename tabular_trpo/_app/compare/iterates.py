"""Every iterate of one run on an environment: its exact eta, gain, KLs and certificate."""

import argparse
from dataclasses import replace
from typing import final

import numpy as np

from tabular_trpo._app.compare.environments import Played
from tabular_trpo._app.shared.formatting import json_number, within
from tabular_trpo._app.shared.output import Document
from tabular_trpo._app.shared.page import Part
from tabular_trpo._app.shared.tables import Table
from tabular_trpo._core.nearest import nearest
from tabular_trpo._core.records import locked_dataclass
from tabular_trpo._improve.iterate import Record
from tabular_trpo._improve.status import Monotone
from tabular_trpo._sampled import comparison
from tabular_trpo._sampled.methods import METHODS, Settings
from tabular_trpo._sampled.undiscounted import EpisodeScore, episode_score

MOST_ROWS = 60  # of a table; a longer run is thinned out evenly
CERTIFICATES = {
    Monotone.PROVED: "eta rose or stayed",
    Monotone.REFUTED: "eta fell",
    Monotone.UNDECIDED: "undecided",
}


@final
@locked_dataclass(frozen=True, eq=False)
class Iterates:
    """The iterates of one run of a method.

    steps:   number of steps used after each iteration
    records: the exact record of each iteration
    scores:  what people report of each new policy, None without a time limit
    limit:   the time limit
    """

    method: str
    seed: int
    steps: tuple[int, ...]
    records: tuple[Record, ...]
    scores: tuple[EpisodeScore, ...] | None
    limit: int | None

    def document(self) -> Document:
        """Return the iterates as a part of the JSON document of a model."""
        return {
            "time_limit": self.limit,
            "iterates": {
                "method": self.method,
                "seed": self.seed,
                "rows": [self._row(i) for i in range(len(self.steps))],
            },
        }

    def _row(self, i: int) -> Document:
        """Return one iterate as a JSON document."""
        record = self.records[i]
        step = record.step
        numbers = {
            "eta": record.eta_new,
            "eta_radius": record.eta_new_radius,
            "gain": step.gain,
            "realised_lo": record.realised_lo,
            "realised_hi": record.realised_hi,
            "mean_kl": step.mean_kl,
            "max_kl": step.max_kl,
        }
        if self.scores is not None:
            numbers |= self.scores[i]._asdict()
        certified = record.certified_gain
        return {
            "steps": self.steps[i],
            **{name: json_number(nearest(value)) for name, value in numbers.items()},
            "monotone": record.monotone.value,
            "best_bound": record.best_bound,
            "certified_gain": None if certified is None else json_number(nearest(certified)),
        }

    def parts(self) -> list[Part]:
        """Return a title and the table of the iterates."""
        n = len(self.steps)
        shown = np.unique(np.linspace(0, n - 1, min(n, MOST_ROWS)).round().astype(int)).tolist()
        score = () if self.scores is None else ("Return", "Ended %")
        right = ["eta", *score, "mean KL", "max KL", "gain L"]
        made = Table(["Steps", *right, "Certificate"], right=["Steps", *right])
        for i in shown:
            record = self.records[i]
            step = record.step
            cells = [f"{self.steps[i]}", within(record.eta_new, record.eta_new_radius, 6)]
            if self.scores is not None:
                undiscounted, ended = self.scores[i]
                cells += [f"{nearest(undiscounted):.4g}", f"{100 * nearest(ended):.4g}"]
            cells += [f"{nearest(x):.2g}" for x in (step.mean_kl, step.max_kl, step.gain)]
            made.add(*cells, CERTIFICATES[record.monotone])
        thinned = "" if len(shown) == n else f", {len(shown)} of {n} iterates"
        limit = "" if self.limit is None else f"; return and ends of episodes of {self.limit} steps"
        return [f"{self.method}, seed {self.seed}{thinned}: exact values{limit}", made]


def iterates(
    one: Played, settings: Settings, args: argparse.Namespace, names: list[str]
) -> Iterates | None:
    """Return the iterates of the first sampled method with the first seed; None without one."""
    sampled = [name for name in names if METHODS[name].sampled]
    if not sampled:
        return None
    mdp, name = one.source.mdp, sampled[0]
    settings = replace(settings, limit=one.limit)
    run = list(comparison.records(mdp, name, args.seed, args.steps, settings, one.live))
    records = tuple(record for _, record in run)
    scores = None
    if one.limit is not None:
        scores = tuple(episode_score(mdp, record.step.pi_new, one.limit) for record in records)
    return Iterates(name, args.seed, tuple(n for n, _ in run), records, scores, one.limit)
