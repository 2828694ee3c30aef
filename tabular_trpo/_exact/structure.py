"""The graph of a model: reachable states, recurrent classes and periods.

A transition is an edge s -> s' where P(s'|s, a) > 0 for an action that the policy takes.  Reachable
states are those with rho > 0; the recurrent classes are the attracting strongly connected
components (a finite chain ends in one of them with probability 1); the period of a class is the gcd
of its cycle lengths.  Only the support of P counts, so the results are exact in either arithmetic.
Source: Kemeny and Snell (1960), chapter 2; Denardo (1977) for the period by breadth-first search.
"""

from functools import reduce
from math import gcd
from typing import TYPE_CHECKING, final

import numpy as np
import scipy.sparse as sp

from tabular_trpo._core.errors import invalid
from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.nearest import written
from tabular_trpo._core.numbers import Array
from tabular_trpo._core.policy_checks import check_policy
from tabular_trpo._core.public import public
from tabular_trpo._core.records import locked_dataclass

if TYPE_CHECKING:
    import networkx as nx


@public
@final
@locked_dataclass(frozen=True, eq=False, repr=False)
class Structure:
    """Reachable states and recurrent classes of a chain, or of a model under all allowed actions.

    reachable: (S,) bool: states reached from the support of rho0; for a chain those with rho > 0
    recurrent: the recurrent classes, each a sorted tuple of states
    periods:   the period of each recurrent class

    >>> structure(MDP([[[0, 1]], [[1, 0]]], [0, 0], [1, 0], 0.5))
    <Structure: 2 of 2 states reachable, 1 recurrent class, period 2>
    """

    reachable: Array
    recurrent: tuple[tuple[int, ...], ...]
    periods: tuple[int, ...]

    def __repr__(self) -> str:
        """Return the number of reachable states and of recurrent classes, and the periods."""
        n, several = len(self.recurrent), len(self.recurrent) > 1
        classes = f"{n} recurrent class{'es' if several else ''}"
        periods = ", ".join(map(str, sorted(set(self.periods))))
        reachable = f"{self.reachable.sum()} of {len(self.reachable)} states reachable"
        return f"<Structure: {reachable}, {classes}, period {periods}>"


def _edges(mdp: MDP, pi: object) -> tuple[Array, Array, Array]:
    """Return the arrays s, a, s' of the transitions with positive probability, of one length.

    pi: (S, A), whose actions are those counted, or None for all allowed actions
    """
    if mdp.batch_shape:
        got = f"has batch {mdp.batch_shape}"
        raise invalid("batch", "mdp", got, "a single model", "Take mdp[i]")
    if mdp.is_sparse:
        coo = sp.coo_array(mdp.P)
        edges = np.array([*np.divmod(coo.row, mdp.n_actions), coo.col])[:, coo.data > 0]
    else:
        edges = np.array(np.nonzero(np.asarray(mdp.P > 0, dtype=bool)))
    if pi is not None:
        taken = np.asarray(check_policy(mdp, pi) > 0, dtype=bool)
        edges = edges[:, taken[edges[0], edges[1]]]
    s, a, t = edges
    return s, a, t


@public
def structure(mdp: MDP, pi: object = None) -> Structure:
    """Return the reachable states, recurrent classes and periods of the chain of `pi`.

    An edge s -> s' exists where sum_a pi(a|s) P(s'|s, a) > 0.  Kemeny and Snell (1960), chapter 2.

    pi:     (S, A); None: the graph of all allowed actions
    return: `Structure`
    raises: InvalidMDPError for a batch or an invalid policy; ExactnessError for a policy in the
            other arithmetic

    >>> structure(MDP([[[0, 1]], [[1, 0]]], [0, 0], [1, 0], 0.5)).periods
    (2,)
    """
    import networkx as nx

    s, _, t = _edges(mdp, pi)
    chain: nx.DiGraph[int] = nx.DiGraph()
    chain.add_nodes_from(range(mdp.n_states))
    chain.add_edges_from(zip(s.tolist(), t.tolist(), strict=True))
    seen: set[int] = set()
    for source in np.flatnonzero(np.asarray(mdp.rho0 > 0, dtype=bool)).tolist():
        if source not in seen:
            seen |= {source, *nx.descendants(chain, source)}
    reachable = np.zeros(mdp.n_states, dtype=bool)
    reachable[list(seen)] = True
    closed = sorted(tuple(sorted(x)) for x in nx.attracting_components(chain))
    periods = tuple(_period(chain.subgraph(x), x[0]) for x in closed)
    return Structure(reachable, tuple(closed), periods)


def _period(graph: "nx.DiGraph[int]", root: int) -> int:
    """Return the gcd of the cycle lengths of a strongly connected graph.

    This is the gcd of level(u) + 1 - level(v) over all edges u -> v, where level is the distance
    from `root` (Denardo 1977).
    """
    import networkx as nx

    level = nx.single_source_shortest_path_length(graph, root)
    return reduce(gcd, (level[u] + 1 - level[v] for u, v in graph.edges), 0)


@public
def graph(mdp: MDP, pi: object = None) -> "nx.MultiDiGraph[str]":
    """Return the transitions as a networkx MultiDiGraph, for drawing.

    States are nodes and each transition is an edge.  Nodes carry `rho0`, edges `action`, `prob` and
    `reward` (the expected reward of the pair) as strings; the key is (action, s').

    pi:     (S, A); None: the graph of all allowed actions
    raises: InvalidMDPError for a batch or an invalid policy; ExactnessError for a policy in the
            other arithmetic

    >>> graph(MDP([[["1"]]], [["2"]], ["1"], "1/2")).number_of_edges()
    1
    """
    import networkx as nx

    edges = _edges(mdp, pi)
    out: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    for name, mass in zip(mdp.state_names, mdp.rho0, strict=True):
        out.add_node(name, rho0=written(mass))
    for s, a, t in zip(*(x.tolist() for x in edges), strict=True):
        prob = mdp.P[s * mdp.n_actions + a, t] if mdp.is_sparse else mdp.P[s, a, t]
        start, end = mdp.state_names[s], mdp.state_names[t]
        action, reward = mdp.action_names[a], written(mdp.r[s, a])
        key = (action, end)
        out.add_edge(start, end, key=key, action=action, prob=written(prob), reward=reward)
    return out
