"""The graph of a model: what can be reached, where a chain ends up, with which period."""

from dataclasses import dataclass
from functools import reduce
from math import gcd
from typing import Any, final

import numpy as np
import scipy.sparse as sp

from tabular_trpo._core.errors import invalid
from tabular_trpo._core.mdp import MDP
from tabular_trpo._core.nearest import written
from tabular_trpo._core.numbers import Array, frozen
from tabular_trpo._core.policy_checks import check_policy
from tabular_trpo._core.public import public
from tabular_trpo._core.records import locked


@public
@final
@locked
@dataclass(frozen=True, slots=True, eq=False)
class Structure:
    """The support of a chain, or of a model under all its allowed actions.

    reachable: (S,) bool: reached from the support of rho0 (rho > 0 for a chain)
    recurrent: the closed classes, each a sorted tuple of states
    periods:   the period of each recurrent class
    """

    reachable: Array
    recurrent: tuple[tuple[int, ...], ...]
    periods: tuple[int, ...]


def _edges(mdp: MDP, pi: Any) -> tuple[Array, Array, Array]:
    """Return the arrays s, a, s' of the transitions with positive probability."""
    s: Any
    a: Any
    t: Any
    if mdp.batch_shape:
        got = f"has batch {mdp.batch_shape}"
        raise invalid("batch", "mdp", got, "a single model", "Take mdp[i]")
    if mdp.is_sparse:
        coo = sp.coo_array(mdp.P)
        live = coo.data > 0
        pairs, t = coo.row[live], coo.col[live]
        s, a = np.divmod(pairs, mdp.n_actions)
    else:
        s, a, t = np.nonzero(np.asarray(mdp.P > 0, dtype=bool))
    if pi is not None:
        taken = np.asarray(check_policy(mdp, pi) > 0, dtype=bool)[s, a]
        s, a, t = s[taken], a[taken], t[taken]
    return s, a, t


@public
def structure(mdp: MDP, pi: Any = None) -> Structure:
    """Return reachability, recurrent classes and periods of the chain of `pi`.

    pi:     (S, A); None: the graph of all allowed actions
    raises: InvalidMDPError for a batch or a wrong policy

    >>> structure(MDP([[[0, 1]], [[1, 0]]], [0, 0], [1, 0], 0.5)).periods
    (2,)
    """
    import networkx as nx

    search: Any = nx  # its published types leave `descendants` untyped
    s, _, t = _edges(mdp, pi)
    chain: Any = nx.DiGraph()
    chain.add_nodes_from(range(mdp.n_states))
    chain.add_edges_from(zip(s.tolist(), t.tolist(), strict=True))
    seen: set[int] = set()
    for source in np.flatnonzero(np.asarray(mdp.rho0 > 0, dtype=bool)).tolist():
        if source not in seen:
            seen |= {source, *search.descendants(chain, source)}
    reachable = np.zeros(mdp.n_states, dtype=bool)
    reachable[list(seen)] = True
    closed = sorted(tuple(sorted(x)) for x in nx.attracting_components(chain))
    periods = tuple(_period(chain.subgraph(x), x[0]) for x in closed)
    return Structure(frozen(reachable), tuple(closed), periods)


def _period(graph: Any, root: int) -> int:
    """Return the gcd of the cycle lengths of a strongly connected graph.

    It is the gcd of level(u) + 1 - level(v) over the edges u -> v, with breadth-first levels.
    """
    import networkx as nx

    level = nx.single_source_shortest_path_length(graph, root)
    return reduce(gcd, (level[u] + 1 - level[v] for u, v in graph.edges), 0)


@public
def graph(mdp: MDP, pi: Any = None) -> Any:
    """Return a drawable networkx MultiDiGraph: states as nodes, an edge per transition.

    Nodes carry `rho0`, edges `action`, `prob` and `reward` (the expected reward of the pair) as
    strings; the key is (action, s').

    >>> graph(MDP([[["1"]]], [["2"]], ["1"], "1/2")).number_of_edges()
    1
    """
    import networkx as nx

    edges = _edges(mdp, pi)
    out: Any = nx.MultiDiGraph()
    for name, mass in zip(mdp.state_names, mdp.rho0, strict=True):
        out.add_node(name, rho0=written(mass))
    for s, a, t in zip(*(x.tolist() for x in edges), strict=True):
        prob = mdp.P[s * mdp.n_actions + a, t] if mdp.is_sparse else mdp.P[s, a, t]
        names = mdp.state_names[s], mdp.state_names[t]
        action = mdp.action_names[a]
        out.add_edge(
            *names,
            key=(action, names[1]),
            action=action,
            prob=written(prob),
            reward=written(mdp.r[s, a]),
        )
    return out
