"""The report of `improve` as text and as JSON, and its exit code."""

import argparse
import math
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from typing import final

from tabular_trpo._app.improve.methods import Method, Settings
from tabular_trpo._app.shared.errors import ExitCode
from tabular_trpo._app.shared.formatting import (
    counted,
    json_number,
    json_numbers,
    per_pair,
    rounded,
    within,
)
from tabular_trpo._app.shared.models import Source, about
from tabular_trpo._app.shared.output import Document
from tabular_trpo._app.shared.page import Part, titled
from tabular_trpo._app.shared.tables import Table
from tabular_trpo._core.decimals import faithful
from tabular_trpo._core.nearest import nearest
from tabular_trpo._core.numbers import Scalar
from tabular_trpo._core.real import Real
from tabular_trpo._core.records import locked_dataclass
from tabular_trpo._improve.iterate import Record
from tabular_trpo._improve.status import Monotone, StepStatus

MOST_ROWS, MOST_NAMED = 40, 5
NUMBERS = ("eta", "Predicted", "Realised", "Ratio", "Certified", "max KL", "mean KL")
DIGITS, FEW = 6, 3  # digits of eta, and of the other numbers


@final
@locked_dataclass(frozen=True, eq=False)
class Run:
    """A run of policy improvement: model, method, settings, arguments, the record of each step."""

    source: Source
    method: Method
    given: Settings
    args: argparse.Namespace
    records: Sequence[Record]

    def steps(self, monotone: str) -> list[int]:
        """Return the numbers of the steps whose verdict on monotonicity is `monotone`."""
        return [record.i for record in self.records if record.monotone == monotone]

    @property
    def code(self) -> ExitCode:
        """The exit code of the run.

        VIOLATED where a theorem is refuted, or a method with a guarantee lowered eta for certain;
        LIMIT where a method with a guarantee may have lowered eta; else OK.
        """
        guaranteed = self.method.guarantee is not None
        broken = guaranteed and self.steps(Monotone.REFUTED)
        if broken or any(record.broken for record in self.records):
            return ExitCode.VIOLATED
        open_ = guaranteed and self.steps(Monotone.UNDECIDED)
        return ExitCode.LIMIT if open_ else ExitCode.OK


def below(x: Scalar | None) -> float | None:
    """Return x rounded down to a double, so that a lower bound remains one; None for None.

    >>> below(Fraction(1, 3)) < Fraction(1, 3), below(Fraction(1, 2)), below(None)
    (True, 0.5, None)
    """
    if x is None or isinstance(x, float):
        return x
    near = nearest(x)
    if math.isinf(near):
        return -math.inf if near < 0 else math.nextafter(math.inf, 0)
    if isinstance(x, Real):  # its double may differ from the nearest by one
        return math.nextafter(math.nextafter(near, -math.inf), -math.inf)
    return near if Fraction(near) <= x else math.nextafter(near, -math.inf)


def document(run: Run) -> Document:
    """Return the JSON document of a run: exact numbers as text, certified gains rounded down."""
    mdp, last = run.source.mdp, run.records[-1]
    assert last.stopped is not None
    bound = last.stopped.bound
    stopped = {
        "rule": last.stopped.name,
        "bound": json_number(bound),
        "guarantee": last.stopped.guarantee,
    }
    return {
        "command": "improve",
        "model": run.source.name,
        "lane": mdp.arithmetic,
        "gamma": json_number(mdp.gamma),
        "method": run.method.name,
        "settings": {name: str(value) for name, value in run.given.items()},
        "promise": run.method.guarantee,
        "policy": run.args.policy,
        "steps": [_step(record, run.args.times) for record in run.records],
        "stopped": stopped,
        "monotone": {each: len(run.steps(each)) for each in Monotone},
        "eta": json_number(last.eta_new),
        "gap": json_number(last.gap),
        "exit_code": run.code,
        "pi": per_pair(mdp, last.step.pi_new),
    }


def _step(record: Record, times: bool) -> Document:
    """Return the JSON document of one step; its wall time is included where `times`."""
    step = record.step
    numbers = {
        "eta": record.eta,
        "eta_new": record.eta_new,
        "eta_radius": record.eta_radius,
        "eta_new_radius": record.eta_new_radius,
        "predicted": step.gain,
        "realised": record.realised,
        "ratio": record.ratio,
        "max_kl": step.max_kl,
        "mean_kl": step.mean_kl,
        "max_tv": step.max_tv,
        "C": record.C,
        "gap": record.gap,
    }
    return {
        "i": record.i,
        "status": record.status,
        "monotone": record.monotone,
        **json_numbers(numbers),
        "realised_bounds": [json_number(record.realised_lo), json_number(record.realised_hi)],
        "best_rung": record.best_bound,
        "certified_gain": json_number(below(record.certified_gain)),
        "certified": {name: json_number(below(gain)) for name, gain in record.certified.items()},
        "broken": list(record.broken),
        "multipliers": {
            name: json_number(x)
            for name, x in step.multipliers.items()
            if isinstance(x, (int, float, str, Fraction, Real))
        },
        "backtracks": step.backtracks,
        **({"seconds": record.seconds} if times else {}),
    }


def parts(run: Run) -> list[Part]:
    """Return the text report of a run: a table with a row for each step, and remarks."""
    timed = ["Seconds"] if run.args.times else []
    heads = ["Step", *NUMBERS[:5], "By", *NUMBERS[5:], "Monotone", *timed]
    made = Table(heads, right=["Step", *NUMBERS, *timed])
    most = None if run.args.all else MOST_ROWS
    made.add(
        "0",
        _within(run.records[0].eta, run.records[0].eta_radius, DIGITS),
        *[""] * (len(heads) - 2),
    )
    for record in run.records[:most]:
        step = record.step
        cells = [
            _within(record.eta_new, record.eta_new_radius, DIGITS),
            _cell(step.gain),
            *_realised(record),
            _cell(below(record.certified_gain)),
            record.best_bound or "-",
            *(_cell(x, 2) for x in (step.max_kl, step.mean_kl)),
            ("" if record.status == StepStatus.MOVED else f"{record.status}, ") + record.monotone,
            *([f"{record.seconds:.3f}"] if timed else []),
        ]
        made.add(str(record.i), *cells)
    rule = run.records[-1].stopped
    assert rule is not None
    remarks = [f"Ended by the rule {rule.name!r}: {rule.guarantee}.", _best_bounds(run)]
    return [
        f"{run.method.name}: {run.method.does}",
        *titled(_setting(run), made, len(run.records), most),
        *remarks,
        *(f"Step {r.i} refutes {', '.join(r.broken)}." for r in run.records if r.broken),
    ]


def _setting(run: Run) -> str:
    """Return the name of the model, the first policy and the settings in one line."""
    given = "".join(f", {name} = {value}" for name, value in run.given.items())
    return f"{run.source.name}, from policy {run.args.policy}{given}"


def _best_bounds(run: Run) -> str:
    """Return how many positive certified gains each bound has proved, in one sentence."""
    counts = Counter(r.best_bound for r in run.records if (below(r.certified_gain) or 0) > 0)
    if not counts:
        return "No step has a positive certified gain."
    names = ", ".join(f"{name} ({n})" for name, n in counts.most_common())
    return f"Best certificate of a positive gain, and of how many steps: {names}."


def _cell(x: Scalar | None, digits: int = FEW) -> str:
    """Return a number rounded to `digits` significant digits, "-" for None."""
    return "-" if x is None else rounded(x, digits)


def _ratio(x: Scalar | None) -> str:
    """Return the ratio realised gain / predicted gain, rounded without crossing 1."""
    return "-" if x is None else faithful(x, FEW, (1,))


def _within(x: Scalar | None, radius: Scalar, digits: int) -> str:
    """Return a number rounded to its error bound `radius` and to `digits` digits."""
    return _cell(x, digits) if radius == 0 else within(x, radius, digits)


def _realised(record: Record) -> list[str]:
    """Return the realised gain and its ratio to the predicted gain, rounded to their errors."""
    if record.realised_lo == record.realised_hi:
        return [_cell(record.realised), _ratio(record.ratio)]
    error = max(record.realised_hi - record.realised, record.realised - record.realised_lo)
    realised = _within(record.realised, error, FEW)
    if record.ratio is None:
        return [realised, "-"]
    return [realised, _within(record.ratio, error / abs(nearest(record.step.gain)), FEW)]


def line(run: Run) -> str:
    """Return the first and the last eta, the optimality gap and the verdict in one line."""
    first, last = run.records[0], run.records[-1]
    eta = f"eta {_within(first.eta, first.eta_radius, 7)} -> "
    eta += _within(last.eta_new, last.eta_new_radius, 7)
    gap = f"eta* - eta <= {_cell(last.gap, 3)}"
    where = about(run.source.mdp, run.args.arithmetic)
    return f"{run.source.name}, {run.method.name}: {eta}, {gap}; {_verdict(run)} ({where})"


def _verdict(run: Run) -> str:
    """Return whether eta decreased, and at which steps, in words."""
    total, down, open_ = (
        len(run.records),
        run.steps(Monotone.REFUTED),
        run.steps(Monotone.UNDECIDED),
    )
    if down:
        return f"eta DECREASED: proved at {_named(down)} of {total}"
    if open_:
        return f"eta never decreased: undecided at {_named(open_)}, proved at the others of {total}"
    return f"eta never decreased: proved at {'all ' if total > 1 else ''}{counted(total, 'step')}"


def _named(steps: list[int]) -> str:
    """Return the numbers of at most MOST_NAMED steps, and the count of the others."""
    more = f" and {len(steps) - MOST_NAMED} more" if len(steps) > MOST_NAMED else ""
    return f"step{'s' * (len(steps) > 1)} {', '.join(map(str, steps[:MOST_NAMED]))}{more}"
