"""The model of a document before it is built: transitions, rho0 and gamma in one arithmetic."""

from dataclasses import dataclass
from typing import Any, final

from tabular_trpo._core import columns as core
from tabular_trpo._core.errors import MemoryGuardError
from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.memory import guard
from tabular_trpo._core.numbers import Array
from tabular_trpo._core.records import locked
from tabular_trpo._formats.distributions import read_rho0
from tabular_trpo._formats.header import Index
from tabular_trpo._formats.numbers import Number, double, is_bare, number
from tabular_trpo._formats.report import Fault, Report, shown
from tabular_trpo._formats.transitions import Columns, check_rows, read_columns, to_arithmetic

POINTER = 16  # bytes an entry of a dense rational table: one in P and one in r(s, a, s')


@final
@locked
@dataclass(frozen=True, slots=True)
class Draft:
    """A model whose parts were checked one by one.

    p, r, rho0, gamma are of the arithmetic that `rational` names; `mask` are the pairs (s, a) that occur,
    None where a problem leaves them open; `quoted` says that every number of the model was exact.
    """

    columns: Columns
    p: Array
    r: Array
    rho0: Array
    gamma: Number
    mask: Array | None
    rational: bool
    quoted: bool


def read_draft(
    report: Report, document: dict[str, Any], states: Index, actions: Index, arithmetic: str
) -> Draft:
    """Read gamma, transitions and rho0; the arithmetic is that of the numbers unless `arithmetic` is "float".

    A float document that is asked for in rational arithmetic is read in float arithmetic all the same:
    its rational reading is the `to_rational` of the model.
    """
    given = document["gamma"]
    gamma = _gamma(report, given)
    if not states or not actions:
        report.stop()  # what follows speaks of these names
    columns = read_columns(report, document["transitions"], states, actions)
    quoted = not (columns.bare or is_bare(given) or _any_bare(document["rho0"]))
    rational = quoted and arithmetic != "float"
    _guard(report, len(states), len(actions), rational)
    if not rational:
        gamma = _double_gamma(report, gamma)
    p, r = to_arithmetic(report, columns, rational)
    mask = check_rows(report, columns, p, r, states, actions)
    rho0 = read_rho0(report, document["rho0"], states, rational)
    return Draft(columns, p, r, rho0, gamma, mask, rational, quoted)


def build(
    draft: Draft, state_names: tuple[str, ...], action_names: tuple[str, ...], normalize: bool
) -> MDP:
    """Return the model: dense, or CSR where the float arithmetic's dense table would be large.

    normalize: whether rows are divided by their sums

    Rewards are kept as r(s, a, s') unless each pair has one reward and no impossible transition.
    """
    c = draft.columns
    table = core.Table(c.s, c.a, c.t, draft.p, draft.r, draft.rho0, state_names, action_names)
    P, r_next, allowed = core.arrays(table, "auto")
    r = core.pair_rewards(table)
    r = r_next if r is None else r
    names = (state_names, action_names)
    return MDP(P, r, draft.rho0, draft.gamma, allowed, *names, normalize=normalize)


def _any_bare(row: Any) -> bool:
    return isinstance(row, dict) and any(is_bare(p) for p in row.values())


def _gamma(report: Report, given: Any) -> Number:
    gamma = number(given)
    if not isinstance(gamma, Fault):
        if 0 <= gamma < 1:
            return gamma
        cure = "A discount of 1 is not supported; take one close to 1" if gamma == 1 else ""
        gamma = Fault("gamma", f"= {shown(given)}", "a number in [0, 1)", cure)
    report.add(("gamma",), gamma)
    return 0.0


def _double_gamma(report: Report, gamma: Number) -> float:
    near = double(gamma)
    if not isinstance(near, Fault) and near < 1:
        return near
    if not isinstance(near, Fault):
        near = Fault(
            "gamma", "becomes 1 as a double", "a double below 1", 'Use arithmetic="rational"'
        )
    report.add(("gamma",), near)
    return 0.0


def _guard(report: Report, n_states: int, n_actions: int, rational: bool) -> None:
    """Refuse a model that would not fit; what is wrong with the document is said before that."""
    pairs = f"{n_states:,} states and {n_actions:,} actions"
    try:
        if rational:
            cure = 'Read it with arithmetic="float" (--arithmetic float), which keeps only what is not zero'
            what = f"{report.source}: an exact table over {pairs}"
            guard(n_states * n_states * n_actions * POINTER, what, cure)
        else:
            what = f"{report.source}: a table of rewards over {pairs}"
            guard(n_states * n_actions * POINTER, what, "Give the states fewer actions in common")
    except MemoryGuardError:
        report.stop()
        raise
