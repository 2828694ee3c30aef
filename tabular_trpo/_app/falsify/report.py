"""The text report of `falsify`: a counterexample as a worked example, or the tightest pair."""

import shlex
from collections.abc import Callable, Iterator, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR
from fractions import Fraction

import numpy as np

from tabular_trpo._app.falsify.outcome import ClaimResult, FalsifyRun
from tabular_trpo._app.falsify.worked_example import WorkedExample, decimal, definition, whole
from tabular_trpo._app.shared.formatting import counted
from tabular_trpo._app.shared.page import Part, Verbatim
from tabular_trpo._app.shared.tables import Table
from tabular_trpo._core import real
from tabular_trpo._core.decimals import faithful
from tabular_trpo._core.numbers import Array, Scalar
from tabular_trpo._core.startup import PROGRAM
from tabular_trpo._core.terminal import plain
from tabular_trpo._falsify.measure import measure
from tabular_trpo._theory.claim import Theorem
from tabular_trpo._theory.vocabulary import SCALAR, STATE, TABLE

HEADS = {
    "refuted": "REFUTED",
    "unrefuted": "NOT REFUTED",
    "vacuous": "VACUOUS",
    "no value": "NO VALUE",
}
NEAR = 7  # significant digits of a rounded number


def parts(run: FalsifyRun) -> list[Part]:
    """Return the text report of a run, claim by claim."""
    return [part for one in run.results for part in _claim(run, one)]


def _claim(run: FalsifyRun, one: ClaimResult) -> Iterator[Part]:
    """Yield the parts of the report on one claim."""
    claim, found = one.stated.claim, one.found
    where = f" ({one.stated.where})" if one.stated.where != claim.name else ""
    yield Verbatim(f"{HEADS[found.status]}: {claim.name}{where}")
    yield Verbatim(f"  {_text(claim)}")
    if one.example is not None and found.status == "refuted":
        yield from _numbers(claim, one.example)
    yield from _search(one)
    if one.files.model is not None:
        kind = "Counterexample" if found.status == "refuted" else "Witness"
        yield Verbatim(f"{kind}: {one.files.model}")
    if one.files.certificate is not None:
        yield Verbatim(f"Certificate: {one.files.certificate}")
        yield Verbatim(f"Check it: {shlex.join([PROGRAM, 'check', one.files.certificate])}")
    if one.files.unwritten is not None:
        yield Verbatim(f"NOT WRITTEN: {one.files.unwritten}")
    yield Verbatim(f"Repeat it: {command(run, one)}")
    yield ""


def _text(claim: Theorem) -> str:
    """Return the statement of a claim with its precondition as text."""
    mixtures = "for mixtures pi_new = (1 - alpha) pi + alpha target: " if claim.mixture else ""
    condition = "" if claim.condition is None else f", where {claim.condition}"
    return f"{mixtures}{claim.statement}{condition}"


def _search(one: ClaimResult) -> Iterator[Part]:
    """Yield the number of pairs that were tried, and the meaning of the result."""
    found = one.found
    tried = f"{counted(found.tried, 'pair')} tried in {counted(found.rounds, 'round')}"
    if found.status == "refuted":
        yield f"{tried} before it was found and shrunk."
        if one.files.wrong:
            yield f"THE CERTIFICATE FAILS ITS CHECK: {one.files.wrong} (please report this)"
        elif one.files.certificate is None and one.files.unwritten is None:
            yield f"No certificate, since the checker cannot evaluate the claim: {one.reason}"
        return
    if found.status == "vacuous":
        yield f"{tried}: none satisfies the precondition, so nothing was tested."
    elif found.status == "no value":
        yield (
            f"{tried}: a side has no value on any of the {one.valueless} that satisfy "
            "the precondition. Look for a divisor that is 0, a root of a negative number."
        )
    else:
        ratio = "There is no penalty to compare a gap with."
        if one.ratio is None and measure(found.claim).penalty:
            ratio = "Gap and penalty are 0 or infinite at the nearest pair, which makes no ratio."
        elif one.ratio is not None:
            ratio = f"The largest gap / penalty is {faithful(one.ratio, NEAR)}; above 1 refutes."
        yield (
            f"{tried}; the claim applies to {one.n_applicable} of them. {ratio} "
            "No counterexample found is no proof."
        )


def _numbers(claim: Theorem, example: WorkedExample) -> Iterator[Part]:
    """Yield the model, the quantities of the claim and its two sides as text and tables."""
    pair, mdp = example.pair, example.pair.mdp
    mixed = f", alpha = {whole(pair.alpha)}" if pair.is_mixture else ""
    yield f"gamma = {whole(mdp.gamma)}, start {_spread(mdp.rho0, mdp.state_names)}{mixed}"
    yield _pairs(example)
    yield _states(example)
    made = Table(["Quantity", "Exact", "About", "Where from"], left=["Exact", "About"])
    for name, value in example.of_rank(SCALAR).items():
        made.add(name, _spelt(value), _about(value), definition(name))
    relation = claim.statement.relation
    made.add("left side", _spelt(example.lhs), _about(example.lhs), "", style="bold")
    made.add("right side", _spelt(example.rhs), _about(example.rhs), "", style="bold")
    made.add("fails by", *_failure(example), f"left {relation} right is wrong", style="bold red")
    yield made


def _pairs(example: WorkedExample) -> Table:
    """Return the table of r, P, the policies and other (S, A) quantities, a row for each (s, a)."""
    pair, mdp = example.pair, example.pair.mdp
    target = {"target": pair.target} if pair.is_mixture else {}
    policies = {"pi": pair.pi, **target, "pi_new": pair.pi_new}
    tables: dict[str, Array] = {"r": mdp.r, **policies, **example.of_rank(TABLE)}
    made = Table(["State", "Action", "Goes to", *tables], right=list(tables), keys=2)
    for s, a in np.ndindex(mdp.n_states, mdp.n_actions):
        goes = tuple(_spread(mdp.P[s, a], mdp.state_names, how) for how in (whole, _short))
        cells = [_spelt(values[s, a]) for values in tables.values()]
        made.add(mdp.state_names[s] if a == 0 else "", mdp.action_names[a], goes, *cells)
    return made


def _states(example: WorkedExample) -> Table:
    """Return the table of the per-state quantities, each with its definition."""
    mdp = example.pair.mdp
    made = Table(["", *mdp.state_names, "Where from"], right=mdp.state_names)
    for name, values in example.of_rank(STATE).items():
        made.add(name, *map(_spelt, values), definition(name))
    return made


def _spelt(value: Scalar | None) -> tuple[str, str]:
    """Return the texts of a number for a table: exact, and rounded for a narrow page."""
    return whole(value), _short(value)


def _short(value: Scalar | None) -> str:
    """Return a number for a narrow page: a rational is rounded, after a "~"."""
    return f"~{decimal(value)}" if isinstance(value, Fraction) else whole(value)


def _spread(weights: Array, names: Sequence[str], how: Callable[[Scalar], str] = whole) -> str:
    """Return a distribution over names as text, "s1" or "1/3 s0 + 2/3 s1"; weights (n,)."""
    live = [(w, name) for w, name in zip(weights, names, strict=True) if w != 0]
    return " + ".join(name if w == 1 else f"{how(w)} {name}" for w, name in live)


def _about(value: Scalar | None) -> str:
    """Return a number as a decimal; empty for integers, infinity and no value."""
    if value is None or (isinstance(value, real.Real) and value.infinite):
        return ""
    if isinstance(value, Fraction) and value.denominator == 1:
        return ""
    return faithful(value, NEAR)


def _failure(example: WorkedExample) -> tuple[str, str]:
    """Return by how much the relation of the claim fails, as exact text and as a decimal."""
    lo, hi = example.verdict.slack_lo, example.verdict.slack_hi
    if not isinstance(lo, Fraction):
        return "infinity", ""
    least, most = sorted((abs(lo), abs(hi)))
    if least == most:
        return whole(least), _about(least)
    ends = decimal(least, ROUND_FLOOR), decimal(most, ROUND_CEILING)
    return " .. ".join(ends), _about(least)


def command(run: FalsifyRun, one: ClaimResult) -> str:
    """Return the shell command that repeats the search for one claim."""
    args, found = run.args, one.found
    title = one.stated.claim.name
    words = [PROGRAM, "falsify"]
    if args.file is None:
        words += ["--theorem", title]
    else:
        words += [args.file, f"--claim={title}" if title.startswith("-") else "--claim"]
        words += [] if title.startswith("-") else [title]
    words += ["--seed", str(found.seed), "--rounds", str(found.rounds)]
    words += [] if args.gamma is None else ["--gamma", str(args.gamma)]
    words += [] if args.center is None else [f"--center={args.center}"]
    words += ["--no-families"] if args.no_families else []
    words += [word for path in args.start for word in ("--start", path)]
    words += [] if args.out == "." else ["--out", args.out]
    return shlex.join(map(plain, words))
