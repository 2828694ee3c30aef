"""Comparison of two policies: quantities of TRPO and bounds (8) and (9), with proved errors."""

import math
from typing import Any

import numpy as np

from tabular_trpo._app.shared.formatting import json_number, within
from tabular_trpo._app.shared.output import Document
from tabular_trpo._app.shared.page import Part
from tabular_trpo._app.shared.tables import Table
from tabular_trpo._core.interval import Interval
from tabular_trpo._core.nearest import nearest
from tabular_trpo._core.numbers import Scalar
from tabular_trpo._theory.pair import Pair
from tabular_trpo._theory.quantities import Quantities
from tabular_trpo._theory.statements.coupling import trpo_bound, trpo_kl_bound
from tabular_trpo._theory.vocabulary import QUANTITIES

COMPARED = "eta eta_new L C eps eps_cpi max_tv mean_tv max_kl mean_kl".split()
MEANING = {
    **{name: QUANTITIES[name].meaning for name in COMPARED},
    "trpo_bound": "L - 4 eps gamma max_tv^2 / (1 - gamma)^2, (8)",
    "trpo_kl_bound": "L - C max_kl, (9)",
}
Compared = dict[str, tuple[Scalar, float | None]]  # value, proved error
BOUNDS = {"trpo_bound": trpo_bound, "trpo_kl_bound": trpo_kl_bound}
INFINITE_WITH = {"trpo_bound": (), "trpo_kl_bound": ("max_kl",)}


def compare(pair: Pair) -> Compared:
    """Return {name: (value, proved error)} of a pair; the error is None for an exact value."""
    values = {name: _value(pair, name) for name in MEANING}
    if pair.mdp.arithmetic == "rational":
        return {name: (value, None) for name, value in values.items()}
    enclosed = pair.enclosed()
    # The radii of eta and eta_new are those of the evaluations, which are printed as well.
    radii = {"eta": nearest(pair.old.radius.eta), "eta_new": nearest(pair.new.radius.eta)}
    return {
        name: (value, radii.get(name, _error(nearest(value), _value(enclosed, name))))
        for name, value in values.items()
    }


def _value(pair: Quantities, name: str) -> Any:
    """Return the quantity `name` of a pair, or the right side of the bound of that name.

    pair:   in doubles or enclosures
    raises: LimitError where the value overflows
    """
    if name not in BOUNDS:
        return getattr(pair, name)
    with np.errstate(over="ignore", invalid="ignore"):
        return pair.settled(name, BOUNDS[name](pair).rhs, *INFINITE_WITH[name])


def _error(value: float, enclosure: Interval) -> float:
    """Return the largest distance from a value to a number of its enclosure, rounded up."""
    lo, hi = nearest(enclosure.lo), nearest(enclosure.hi)
    if lo == hi == value:
        return 0.0
    return math.nextafter(max(hi - value, value - lo), math.inf)


def documents(found: Compared) -> dict[str, Document]:
    """Return {"pair": {name: value}, "pair_radius": {name: proved error}} for JSON."""
    return {
        "pair": {name: json_number(value) for name, (value, _) in found.items()},
        "pair_radius": {name: json_number(error or 0.0) for name, (_, error) in found.items()},
    }


def comparison(name: str, found: Compared) -> list[Part]:
    """Return a title and the table of the comparison with the policy `name`."""
    exact = all(error is None for _, error in found.values())
    heads = ["Value"] if exact else ["Value", "Error"]
    made = Table(["Quantity", *heads, "Meaning"], right=heads)
    for key, (value, error) in found.items():
        errors = [] if exact else [f"{error:.2g}"]
        made.add(key, within(value, error), *errors, MEANING[key])
    return [f"Against policy {name}", made]
