"""A certificate maker for the tests of the checker: it shares no code with `check` or the package.

Systems are solved by elimination, logarithms come from `decimal`, and each side of each theorem is
plain Python.  Only the wording of the theorems is taken from the checker's table.
"""

import hashlib
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

from tabular_trpo.check import THEOREMS

F = Fraction
Row = dict[str, Any]
Vector = list[Fraction]
MARGIN = F(1, 10**100)  # far above the error of the 250 digits below, far below every slack made


@dataclass
class Model:
    """A small MDP and its policies, every number as the text that goes into the document."""

    gamma: str
    rho0: Row
    transitions: list[list[str]]
    pi: dict[str, Row]
    pi_new: dict[str, Row] = field(default_factory=dict)
    target: dict[str, Row] | None = None
    alpha: str | None = None

    def __post_init__(self) -> None:
        if self.target and self.alpha:
            a = F(self.alpha)
            self.pi_new = {
                s: {
                    x: str(w)
                    for x in {**row, **self.target[s]}
                    if (w := (1 - a) * F(row.get(x, 0)) + a * F(self.target[s].get(x, 0)))
                }
                for s, row in self.pi.items()
            }


def both(*columns: Any) -> list[tuple[Any, ...]]:
    return list(zip(*columns, strict=True))


def solve(rows: list[Vector], b: Vector) -> Vector:
    """Gauss-Jordan elimination on [rows | b]."""
    m = [[*row, x] for row, x in both(rows, b)]
    for i in range(len(m)):
        pivot = next(j for j in range(i, len(m)) if m[j][i])
        m[i], m[pivot] = m[pivot], m[i]
        m[i] = [x / m[i][i] for x in m[i]]
        for j in range(len(m)):
            if j != i:
                m[j] = [x - m[j][i] * y for x, y in both(m[j], m[i])]
    return [row[-1] for row in m]


def kl(p: Sequence[Fraction], q: Sequence[Fraction]) -> Fraction | None:
    """KL(p || q) to about 250 digits, exactly 0 for equal rows, None for infinity."""
    if p == q:
        return F(0)
    if any(x and not y for x, y in both(p, q)):
        return None
    with localcontext() as context:
        context.prec = 300
        total = F(0)
        for x, y in both(p, q):
            if x:
                ratio = Decimal((x / y).numerator) / Decimal((x / y).denominator)
                total += x * F(ratio.ln())
        return total


def dot(x: Vector, y: Vector) -> Fraction:
    return sum((a * b for a, b in both(x, y)), F(0))


def mean(policy: list[Row], value: Callable[[int, str], Fraction]) -> Vector:
    return [sum((w * value(i, x) for x, w in row.items()), F(0)) for i, row in enumerate(policy)]


def transposed(rows: list[Vector]) -> list[Vector]:
    return [list(column) for column in both(*rows)]


def read(model: Model) -> tuple[SimpleNamespace, list[list[Row]], list[list[Vector]]]:
    """The numbers of a model, its policies as full tables, and their chains."""
    q = SimpleNamespace(states=list(model.pi), gamma=F(model.gamma), mixture=bool(model.alpha))
    n, q.r = len(q.states), {}
    P: dict[tuple[int, str], Vector] = {}
    for s, x, t, p, reward in model.transitions:
        key = (q.states.index(s), x)
        P.setdefault(key, [F(0)] * n)[q.states.index(t)] += F(p)
        q.r[key] = q.r.get(key, F(0)) + F(p) * F(reward)
    q.next = lambda f: {key: dot(row, f) for key, row in P.items()}
    q.rho0 = [F(model.rho0.get(s, 0)) for s in q.states]
    policies = [
        [{x: F(table[s].get(x, 0)) for i, x in P if i == k} for k, s in enumerate(q.states)]
        for table in (model.pi, model.pi_new, model.target)
        if table
    ]
    chains = []
    for policy in policies:
        steps = [(lambda i, x, t=t: P[i, x][t]) for t in range(n)]
        chains.append(transposed([mean(policy, step) for step in steps]))
    return q, policies, chains


def quantities(model: Model) -> SimpleNamespace:
    """Every quantity a theorem speaks of, from its definition."""
    q, (pi, new, *target), (old_chain, new_chain, *_) = read(model)
    n, g = len(q.states), q.gamma

    def closed(rows: list[Vector], b: Vector) -> Vector:
        return solve([[(s == t) - g * rows[s][t] for t in range(n)] for s in range(n)], b)

    r_pi, r_new = (mean(policy, lambda i, x: q.r[i, x]) for policy in (pi, new))
    q.V, q.V_new = closed(old_chain, r_pi), closed(new_chain, r_new)
    q.rho, q.rho_new = (closed(transposed(rows), q.rho0) for rows in (old_chain, new_chain))
    q.Q = {key: q.r[key] + g * value for key, value in q.next(q.V).items()}
    q.A = {(i, x): value - q.V[i] for (i, x), value in q.Q.items()}
    q.A_bar = mean(new, lambda i, x: q.A[i, x])
    q.W = closed(new_chain, q.A_bar)
    q.shift = lambda f: [dot(a, f) - dot(b, f) for a, b in both(new_chain, old_chain)]
    q.V_dot = closed(old_chain, [b - a + g * c for a, b, c in both(r_pi, r_new, q.shift(q.V))])
    q.eta, q.eta_new, q.eta_dot = (dot(q.rho0, x) for x in (q.V, q.V_new, q.V_dot))
    q.L = q.eta + dot(q.rho, q.A_bar)
    rows = [[(w, b[x]) for x, w in a.items()] for a, b in both(pi, new)]
    q.tv = [sum(abs(a - b) for a, b in row) / 2 for row in rows]
    q.max_tv, q.mean_tv = max(q.tv), (1 - g) * dot(q.rho, q.tv)
    q.eps, q.eps_cpi = max(map(abs, q.A.values())), max(map(abs, q.A_bar))
    q.C = 4 * q.eps * g / (1 - g) ** 2
    q.kl = [kl(*both(*row)) for row in rows]
    q.max_kl = None if None in q.kl else max(q.kl)
    spans = [[q.A[i, x] for x in row] for i, row in enumerate(pi)]
    q.span_a = [max(row) - min(row) for row in spans]
    q.c = q.max_tv * g / ((1 - g) * (1 - g * (1 - q.max_tv)))
    Q_old, Q_new = (mean(policy, lambda i, x: q.Q[i, x]) for policy in (pi, new))
    mixed = [(2 * a + b) / 3 - v for a, b, v in both(Q_old, Q_new, q.V)]
    q.L_third, q.L_old = q.eta + dot(q.rho, mixed), q.eta + dot(q.rho, Q_old) - dot(q.rho, q.V)
    old_law = new_law = q.rho0
    for _ in range(3):
        old_law = [dot(old_law, column) for column in transposed(old_chain)]
        new_law = [dot(new_law, column) for column in transposed(new_chain)]
    q.step_tv_3 = sum(abs(a - b) for a, b in both(old_law, new_law)) / 2
    if q.mixture:
        q.alpha = F(model.alpha or 0)
        q.eps_target = max(map(abs, mean(target[0], lambda i, x: q.A[i, x])))
    return q


def _span(x: Vector) -> Fraction:
    return max(x) - min(x)


def _trpo(q: SimpleNamespace) -> Fraction:
    return F(4 * q.eps * q.gamma * q.max_tv**2 / (1 - q.gamma) ** 2)


def _kl_gap(q: SimpleNamespace, part: Fraction) -> Fraction | None:
    gaps = [t**2 - part * k for t, k in both(q.tv, q.kl) if k is not None]
    return -max(gaps) if gaps else None


def _minus_penalty(q: SimpleNamespace, constant: Fraction) -> Fraction | None:
    """eta_new - (L - constant * max_kl); None where that is infinite."""
    if not constant or q.max_kl is not None:
        return F(q.eta_new - q.L + constant * (q.max_kl or 0))
    return None


# The slack of each theorem in plain Python: right - left of <=, left - right of >= and ==.
SLACK: dict[str, Callable[[SimpleNamespace], Fraction | None]] = {
    "performance_difference_paths": lambda q: q.eta_new - q.eta - dot(q.rho0, q.W),
    "performance_difference": lambda q: q.eta_new - q.eta - dot(q.rho_new, q.A_bar),
    "performance_difference_statewise": lambda q: max(
        abs(b - a - w) for a, b, w in both(q.V, q.V_new, q.W)
    ),
    "visitation_mass": lambda q: sum(q.rho) - 1 / (1 - q.gamma),
    "surrogate_linear": lambda q: q.L_third - (2 * q.eta + q.L) / 3,
    "surrogate_value": lambda q: q.L_old - q.eta,
    "surrogate_gradient": lambda q: q.eta_dot - (q.L - q.eta),
    "tv_squared_kl": lambda q: _kl_gap(q, F(1)),
    "pinsker": lambda q: _kl_gap(q, F(1, 2)),
    "cpi_bound": lambda q: (
        q.eta_new - q.L + 2 * q.eps_target * q.gamma * q.alpha**2 / (1 - q.gamma) ** 2
    ),
    "trpo_bound": lambda q: q.eta_new - q.L + _trpo(q),
    "trpo_bound_upper": lambda q: q.L + _trpo(q) - q.eta_new,
    "trpo_kl_bound": lambda q: _minus_penalty(q, q.C),
    "trpo_kl_bound_half": lambda q: _minus_penalty(q, q.C / 2),
    "advantage_lemma": lambda q: -max(abs(a) - t * s for a, t, s in both(q.A_bar, q.tv, q.span_a)),
    "advantage_lemma_eps": lambda q: min(F(1), 2 * q.max_tv) * q.eps - q.eps_cpi,
    "coupling_lemma": lambda q: 1 - (1 - q.max_tv) ** 3 - q.step_tv_3,
    "coupling_span": lambda q: _span(q.A_bar) * q.c - abs(q.eta_new - q.L),
    "coupling_eps_cpi": lambda q: (2 * q.eps_cpi - _span(q.A_bar)) * q.c,
    "coupling_capped": lambda q: 2 * (min(F(1), 2 * q.max_tv) * q.eps - q.eps_cpi) * q.c,
    "coupling_rows": lambda q: 2 * (q.max_tv * max(q.span_a) - q.eps_cpi) * q.c,
    "coupling_bound": lambda q: 2 * (2 * q.max_tv - min(F(1), 2 * q.max_tv)) * q.eps * q.c,
    "coupling_to_theorem": lambda q: _trpo(q) - 4 * q.max_tv * q.eps * q.c,
    "residual_identity": lambda q: (
        q.eta_new - q.L - q.gamma * dot(q.rho, q.shift([b - a for a, b in both(q.V, q.V_new)]))
    ),
    "minorant_touches": lambda q: q.L_old - q.eta,
    "minorant_gain": lambda q: _minus_penalty(q, q.C),
    "monotone_improvement": lambda q: q.eta_new - q.eta,
}


def spell(x: Fraction) -> str:
    return f"{x.numerator:x}" + (f"/{x.denominator:x}" if x.denominator > 1 else "")


def make_claim(
    name: str,
    stated: tuple[str, str, str, str | None],
    slack: Fraction | None,
    exactness: str = "rational",
    status: str | None = None,
) -> Row:
    """One claim with its status; an inexact slack is widened by MARGIN, None is infinite."""
    equation, source, formula, condition = stated
    relation = next(sign for sign in ("==", "<=", ">=") if sign in formula)
    margin = MARGIN if exactness != "rational" and slack else F(0)
    holds = slack is None or (slack == 0 if relation == "==" else slack >= 0)
    lhs, rhs = (side.strip() for side in formula.split(relation))
    return {
        "name": name, "equation": equation, "source": source,
        "lhs": lhs, "relation": relation, "rhs": rhs, "precondition": condition,
        "status": status or ("vacuous" if slack is None else "proved" if holds else "refuted"),
        "exactness": exactness,
        "slack": None if slack is None else [spell(slack - margin), spell(slack + margin)],
    }  # fmt: skip


def named_claims(q: SimpleNamespace) -> list[Row]:
    """The theorems whose slack is written here in plain Python, about this pair."""
    claims = []
    for name in SLACK:
        stated = THEOREMS[name]
        text = f"{stated[2]} {stated[3]}"
        logs = any(word in text for word in ("kl", "M -", "M >="))
        void = stated[3] == "mixture" and not q.mixture
        if name == "monotone_improvement":
            gain = _minus_penalty(q, q.C)
            void = gain is None or q.eta_new - gain < q.eta
        slack = None if void else SLACK[name](q)
        claims.append(make_claim(name, stated, slack, "log" if logs else "rational"))
    return claims


def seal(document: Row) -> Row:
    """Put in the digest of the rest."""
    rest = {key: part for key, part in document.items() if key != "digest"}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return {**rest, "digest": hashlib.sha256(text.encode()).hexdigest()}


def certificate(model: Model, claims: Callable[[SimpleNamespace], list[Row]] = named_claims) -> Row:
    """A sealed certificate of all named theorems, or of the claims made by `claims`."""
    q = quantities(model)
    names = "eta eta_new L eps eps_cpi max_tv mean_tv C eta_dot".split()
    witness = {}
    for name in ("V", "rho", "V_new", "rho_new", "W", "V_dot"):
        x = getattr(q, name)
        den = math.lcm(*(y.denominator for y in x))
        witness[name] = {"den": f"{den:x}", "num": [f"{int(y * den):x}" for y in x]}
    policies = {"pi": model.pi, "pi_new": model.pi_new}
    return seal({
        "format": "tabular-trpo-certificate",
        "version": 2,
        "model": {
            "format": "tabular-trpo-mdp",
            "version": 1,
            "why": "made by a test",
            "gamma": model.gamma,
            "states": q.states,
            "actions": sorted({row[1] for row in model.transitions}),
            "rho0": model.rho0,
            "transitions": model.transitions,
            "policies": policies | ({"target": model.target} if q.mixture else {}),
        },
        "mixture": {"target": "target", "alpha": model.alpha} if q.mixture else None,
        "witness": witness,
        "values": {
            name: spell(getattr(q, name))
            for name in names + (["alpha", "eps_target"] if q.mixture else [])
        },
        "claims": claims(q),
    })  # fmt: skip
