"""Grid worlds: cells with walls, slippery moves and one goal."""

from collections.abc import Collection, Iterable

import numpy as np

from tabular_trpo._core.errors import invalid
from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.memory import guard
from tabular_trpo._core.numbers import Array, kind_of, shown
from tabular_trpo._core.public import public
from tabular_trpo._families.arguments import BYTES_A_STATE, Number, between, common_numbers, size
from tabular_trpo._families.arms import Arm, assemble

# Clockwise order: the two sides of a direction are its predecessor and its successor.
MOVES = {"up": (0, 1), "right": (1, 0), "down": (0, -1), "left": (-1, 0)}


@public
def gridworld(
    width: int,
    height: int,
    gamma: Number,
    slip: Number = 0,
    stay: Number = 0,
    step_reward: Number = 0,
    walls: Iterable[tuple[int, int]] = (),
    layout: str = "dense",
) -> MDP:
    """Return a grid world from (0, 0) to an absorbing goal in the opposite corner that pays 1.

    A move goes in its direction with probability 1 - slip - stay, to each side with slip/2, and
    stays with probability `stay`; a move into a wall or the border stays.  Without slip and walls
    a cell at k steps from the goal has the optimal value f^k / gamma with
    f = (1 - stay) gamma / (1 - stay gamma).

    width, height: numbers of cells
    gamma:       discount in [0, 1), as all numbers a float or an exact number such as "9/10"
    step_reward: reward of each step from a cell other than the goal, added to the prize
    walls:       cells (x, y) that are not states
    layout:      "dense" or "csr"; 300 x 300 cells in CSR take less than a second
    return:      S = width height - walls, named "x0y0", ...; A = 4 ("up", "right", "down", "left")
    raises:      InvalidMDPError for a number out of range or a wall at a corner in use or
                 outside the grid, MemoryGuardError for a model too large for memory

    >>> gridworld(2, 1, "9/10", stay="1/5").P[0, 1]
    array([Fraction(1, 5), Fraction(4, 5)], dtype=object)
    """
    gamma, slip, stay, step_reward = common_numbers(
        gamma=gamma, slip=slip, stay=stay, step_reward=step_reward
    )
    between("slip", slip, 0, 1)
    between("stay", stay, 0, 1 - slip)
    cells = size("width", width, 1) * size("height", height, 1)
    size_text = f"width = {width:,} by height = {height:,}"
    guard(cells * BYTES_A_STATE, f"a grid of {size_text}", "Choose a smaller grid")
    number = _numbering(width, height, walls)
    y, x = np.nonzero(number >= 0)
    states = number[y, x]
    goal = int(number[-1, -1])
    away = states != goal
    side = [_step(number, x, y, dx, dy) for dx, dy in MOVES.values()]
    side = [np.where(away, target, states) for target in side]
    outcomes = [(0, 1 - slip - stay), (1, slip / 2), (-1, slip / 2)]
    arms = []
    for action in range(4):
        for turn, p in outcomes:
            target = side[(action + turn) % 4]
            arms.append(Arm(action, target, p, ((target == goal) & away) + away * step_reward))
        arms.append(Arm(action, states, stay, away * step_reward))
    names = [f"x{i}y{j}" for i, j in zip(x.tolist(), y.tolist(), strict=True)]
    return assemble(arms, names, list(MOVES), gamma, start=int(number[0, 0]), layout=layout)


def _numbering(width: int, height: int, walls: Iterable[object]) -> Array:
    """Return the state index of each cell, (height, width) indexed [y, x]; -1 for walls."""
    free = np.ones((height, width), dtype=bool)
    corners = ((0, 0), (width - 1, height - 1))
    for wall in walls:
        if not (isinstance(wall, Collection) and len(wall) == 2):
            raise invalid("wall", "walls", f"hold {shown(wall)}", "cells (x, y)")
        x, y = wall
        whole = kind_of(x) == "int" and kind_of(y) == "int"
        if not (whole and 0 <= x < width and 0 <= y < height) or (x, y) in corners:
            expected = f"a cell of the {width} x {height} grid other than the two corners in use"
            raise invalid("wall", "walls", f"hold {shown((x, y))}", expected)
        free[y, x] = False
    return np.where(free, np.cumsum(free.ravel()).reshape(free.shape) - 1, -1)


def _step(number: Array, x: Array, y: Array, dx: int, dy: int) -> Array:
    """Return the next state (S,) of a move by (dx, dy) from each cell; blocked moves stay."""
    height, width = number.shape
    target = number[np.clip(y + dy, 0, height - 1), np.clip(x + dx, 0, width - 1)]
    return np.where(target < 0, number[y, x], target)
