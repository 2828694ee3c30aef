"""Checks of policies: arrays pi (..., S, A) in the arithmetic of a model, on the simplex."""

from fractions import Fraction
from typing import final

import numpy as np

from tabular_trpo._core.arithmetic import read_as
from tabular_trpo._core.array_input import AxisNames
from tabular_trpo._core.errors import invalid
from tabular_trpo._core.grid import near_grid, normalized, on_grid
from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.memory import guard
from tabular_trpo._core.numbers import Array, frozen, is_rational
from tabular_trpo._core.policies_once import remember_check, remembered
from tabular_trpo._core.public import public
from tabular_trpo._core.records import locked_dataclass
from tabular_trpo._core.shapes import check_policy_order, shape_error
from tabular_trpo._core.validate import Report, simplex

FEWER = "Give fewer policies at once"
NORMALIZE = "policies.normalize(mdp, pi).pi divides each row by its sum"


@public
@final
@locked_dataclass(frozen=True)
class Normalized:
    """A policy whose rows were divided by their sums; made by `normalize`.

    pi:  (..., S, A) the policy
    off: the largest abs(sum - 1) of a row before

    >>> Normalized(np.array([[0.25, 0.75]]), 3.0).off
    3.0
    """

    pi: Array
    off: float


@public
def check_policy(mdp: MDP, pi: object, name: str = "pi", normalize: bool = False) -> Array:
    """Return a policy checked against a model, read-only, float rows on the grid k / 2^53.

    pi:        (..., S, A), or (S, A) for every model of a batch; a labelled table is read by the
               names of states and actions
    name:      of the policy, in errors
    normalize: whether rows are divided by their sums first; `normalize` returns by how much
    return:    (..., S, A)
    raises:    InvalidMDPError naming the rows that are off the simplex or use disallowed actions;
               ExactnessError for a float policy of a rational model or the reverse

    >>> check_policy(MDP([[[1], [1]]], [[0, 0]], [1], 0.5), [[0.25, 0.75]])
    array([[0.25, 0.75]])
    """
    if normalize:
        return _normalized(mdp, pi, name).pi
    given = policy_array(mdp, pi, name)

    def check() -> Array:
        return remember_check(mdp, frozen(check_rows(name, given, mdp.mask)))

    return remembered("check", mdp, given, check)


@public
def normalize(mdp: MDP, pi: object) -> Normalized:
    """Return the policy proportional to nonnegative weights, and how far their sums were from 1.

    pi(a|s) = w(s, a) / sum_a w(s, a), exactly in rational arithmetic.

    pi:     (..., S, A) the weights w
    return: Normalized
    raises: InvalidMDPError for negative weights, zero rows, weights of disallowed actions and a
            wrong shape; ExactnessError for the other arithmetic

    >>> normalize(MDP([[[1], [1]]], [["0", 0]], [1], "1/2"), [["0.333", "0.666"]]).pi
    array([[Fraction(1, 3), Fraction(2, 3)]], dtype=object)
    """
    return _normalized(mdp, pi, "pi")


def _normalized(mdp: MDP, pi: object, name: str) -> Normalized:
    array = policy_array(mdp, pi, name)
    check_policy_order(name, array, mdp.mask)
    rows, off = normalized(array)
    return Normalized(frozen(check_rows(name, rows, mdp.mask)), off)


@public
def policy_array(mdp: MDP, pi: object, name: str = "pi") -> Array:
    """Return a policy as an array in the arithmetic and shape of the model, its rows not checked.

    pi:     (..., S, A), or (S, A) for every model of a batch
    name:   of the policy, in errors
    return: (..., S, A)
    raises: InvalidMDPError for a wrong shape, ExactnessError for the wrong arithmetic

    >>> policy_array(MDP([[[1], [1]]], [[0, 0]], [1], 0.5), [[0.5, 0.25]])
    array([[0.5 , 0.25]])
    """
    array = read_as(name, pi, mdp.arithmetic == "rational", unsigned=True, axes=table_axes(mdp))
    shape = mdp.r.shape
    if array.shape not in (shape, shape[-2:]):
        cure = f"If it is {name}[a, s], give np.swapaxes({name}, -1, -2)"
        turned = array.ndim >= 2 and array.shape[-2:] == shape[:-3:-1]
        raise shape_error(name, array.shape, f"(..., S, A) = {shape}", cure if turned else "")
    return np.broadcast_to(array, shape)


def table_axes(mdp: MDP) -> tuple[AxisNames, AxisNames]:
    """Return the names along the axes of a table over states and actions."""
    return ("state", mdp.state_names), ("action", mdp.action_names)


@public
def check_rows(name: str, pi: Array, mask: Array | None = None) -> Array:
    """Return rows of probabilities, checked, and in float arithmetic put on the grid k / 2^53.

    name:   of the policy, in errors
    pi:     (..., A) or (..., S, A)
    mask:   (S, A) bool, the allowed pairs; None allows all
    return: of the shape of pi
    raises: InvalidMDPError naming the rows that are off the simplex or use disallowed actions

    >>> check_rows("pi", np.array([[0.25, 0.75]]))
    array([[0.25, 0.75]])
    """
    guard(16 * pi.size, f"{name} with {pi.size:,} entries", FEWER)  # of a view, too
    if not (pi.dtype == np.float64 or is_rational(pi)) or np.ma.isMaskedArray(pi):
        pi = read_as(name, pi, rational=False, unsigned=True)
    if mask is not None and (mask.dtype != bool or mask.shape != pi.shape[-2:]):
        got = f"is {mask.dtype} of shape {mask.shape}"
        raise invalid("mask", "mask", got, f"bool of shape {pi.shape[-2:]}")
    rational = is_rational(pi)
    if rational and not all(isinstance(x, Fraction) for x in pi.flat):
        pi = read_as(name, pi, rational=True, unsigned=True)
    near = None if rational or not (mask is None or mask.all()) else near_grid(pi)
    if near is not None:
        return near
    check_policy_order(name, pi, mask)
    report = Report()
    simplex(report, name, pi, "s a", mask, NORMALIZE)
    report.close()
    return pi.copy() if rational else on_grid(pi)
