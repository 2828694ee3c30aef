"""The lone checker: what it accepts, what it can evaluate, and how it ends."""

import json
import math
from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest

import tabular_trpo as tt
from tabular_trpo import check as checker
from tabular_trpo.check import THEOREMS, CertificateError, Statement, check
from tests.certificate_models import MODELS, TWO, claimed, tight, user
from tests.certificates import SLACK, F, Model, both, certificate, dot, kl, quantities

VOID = {"status": "vacuous", "slack": None}
PENALTY = "4*eps*gamma*max_tv**2/(1-gamma)**2"


@pytest.mark.parametrize("name", MODELS)
def test_all_theorems_are_confirmed(name: str) -> None:
    statements = check(certificate(MODELS[name]))
    assert [statement.name for statement in statements] == list(SLACK)
    assert {statement.status for statement in statements} <= {"proved", "vacuous"}
    assert not any(statement.user_claim for statement in statements)


def statuses(name: str) -> dict[str, str]:
    return {statement.name: statement.status for statement in check(certificate(MODELS[name]))}


def test_vacuous_is_said_where_a_premise_or_a_penalty_fails() -> None:
    assert statuses("mixture")["cpi_bound"] == "proved"
    assert statuses("plain")["cpi_bound"] == "vacuous"
    lost = statuses("support lost")
    assert {lost[name] for name in ("trpo_kl_bound", "minorant_gain")} == {"vacuous"}
    assert lost["pinsker"] == lost["trpo_bound"] == "proved"  # one state has a finite KL
    assert statuses("identical")["monotone_improvement"] == "proved"
    assert statuses("no future")["trpo_kl_bound"] == "proved"  # 0 * inf is 0: the penalty is 0


def test_certificate_survives_json() -> None:
    document = json.loads(json.dumps(certificate(MODELS["mixture"])))
    assert check(document) == check(certificate(MODELS["mixture"]))


def test_false_neighbour_is_refuted_on_the_tight_family() -> None:
    """Theorem 1 with the constant 2 fails, and the certificate of that failure is accepted."""
    model = tight("9/10", "1/100")
    q = quantities(model)
    slack = q.eta_new - q.L + 2 * q.eps * q.gamma * q.max_tv**2 / (1 - q.gamma) ** 2
    assert slack < 0
    formula = f"eta_new >= L - {PENALTY.replace('4', '2')}"
    (statement,) = check(certificate(model, lambda q: [user(formula, slack)]))
    assert statement == Statement("mine", "refuted", formula, True)


def test_user_claims_are_flagged_and_shown_with_their_premise() -> None:
    (statement,) = check(claimed("plain", user("eta >= eta", F(0), "max_tv <= 1")))
    assert statement == Statement("mine", "proved", "eta >= eta if max_tv <= 1", True)


@pytest.mark.parametrize("gap", [F(1, 10**60), F(1, 10**90), -F(1, 10**60), -F(1, 10**90)])
def test_near_tie_of_a_kl_is_decided(gap: Fraction) -> None:
    """max_kl is about 1e-60 itself; the claim compares it with a rational 1e-60 or 1e-90 away."""
    digits = 10**150
    value = quantities(MODELS["near tie"]).max_kl
    near = F(int((value + gap) * digits), digits)
    formula = f"max_kl*{near.denominator} <= {near.numerator}"
    slack = near.numerator - value * near.denominator
    claim = user(formula, slack, exactness="log")
    (statement,) = check(claimed("near tie", claim))
    assert statement.status == ("proved" if gap > 0 else "refuted")


def test_equal_rows_have_kl_exactly_zero() -> None:
    claims = [user("max_kl == 0", F(0), exactness="log")]
    assert check(claimed("identical", *claims))[0].status == "proved"
    for text in ("max_kl <= 0", "max_kl >= 0", "mean_kl == 0"):
        assert check(claimed("identical", user(text, F(0), exactness="log")))[0].status == "proved"


def test_infinite_kl_refutes_where_it_harms() -> None:
    harmful = user("max_kl <= 5", None, exactness="log", status="refuted")
    assert check(claimed("support lost", harmful))[0].status == "refuted"
    harmless = user("max_kl >= 5", None, exactness="log")
    assert check(claimed("support lost", harmless))[0].status == "vacuous"
    for status in ("proved", "vacuous"):
        with pytest.raises(CertificateError, match=r"status"):
            check(claimed("support lost", {**harmful, "status": status}))
    for text in ("max_kl <= max_kl + 1", "max_kl/max_kl <= 2", "log(0*max_kl) <= 1"):  # no value
        with pytest.raises(CertificateError, match="undecided"):
            check(claimed("support lost", user(text, F(1), exactness="log")))
    for text, slack in (("1/max_kl <= 2", 2), ("max_kl**0 <= 2", 1), ("1 <= 2 + 0/max_kl", 1)):
        proved = user(text, F(slack), exactness="log")
        assert check(claimed("support lost", proved))[0].status == "proved"


def test_low_precision_decides_nothing_that_it_cannot_see() -> None:
    """At 64 bits the sum of all KL, about 1e-60, may still be negative."""
    value = sum(quantities(MODELS["near tie"]).kl)
    root = F(math.isqrt(int(value * 10**400)), 10**200)
    claims = [
        user("1/sum_s(kl) <= 10**30", 10**30 - 1 / value, exactness="log"),
        user("sqrt(sum_s(kl)) <= 1", 1 - root, exactness="log"),
        user("smaller(0, sum_s(kl)) >= 0", F(0), exactness="log"),
        user("smaller(0, sum_s(kl)) == 0", F(0), exactness="log"),
        user("1 <= 0", F(0), "sum_s(kl) <= 0", exactness="log") | VOID,
    ]
    found = [check(claimed("near tie", claim))[0].status for claim in claims]
    assert found == ["refuted", "proved", "proved", "proved", "vacuous"]


@pytest.mark.parametrize("model", ["plain", "three", "near tie"])
def test_divergences_agree_with_the_second_method(model: str) -> None:
    """Each claim holds its quantity in an interval of width 2e-100 round the value of the maker."""
    q = quantities(MODELS[model])
    finite = [x is not None for x in q.kl]
    values = {
        "max_s(tv*kl)": max(map(math.prod, both(q.tv, q.kl))) if all(finite) else None,
        "mean_kl": (1 - q.gamma)
        * dot(q.rho, [x or F(0) for x in q.kl]),  # rho is 0 where kl is inf
        "M": q.L - q.C * q.max_kl if all(finite) else None,
    }
    for text, value in values.items():
        if value is not None:
            claim = user(f"{text} <= 99", 99 - value, exactness="log")
            assert check(claimed(model, claim))[0].status == "proved"


def test_infinite_is_not_said_before_it_is_certain() -> None:
    """The smallest KL times infinity has no certain sign at 64 bits, and is infinite in truth."""
    old = MODELS["near tie"].pi
    tie = MODELS["near tie"].pi_new["X"]
    model = Model("9/10", {"X": "1"}, TWO, old, {"X": tie, "Y": {"a": "1"}})
    claim = user("smaller(-max_s(-kl)*max_kl, 3) <= 4", F(1), exactness="log")
    exact = {**claim, "slack": ["1", "1"]}
    assert check(certificate(model, lambda q: [exact]))[0].status == "proved"
    with pytest.raises(CertificateError, match="status"):
        check(certificate(model, lambda q: [{**claim, **VOID}]))


@pytest.mark.parametrize("reward", ["1e-330", "-1e-330", "1e400", "-1e400"])
def test_infinity_meets_numbers_beyond_the_floats(reward: str) -> None:
    """No finite number passes through a float on its way to an infinite KL."""
    mdp = tt.MDP([[["1"], ["1"]]], [[reward, "0"]], ["1"], "9/10")
    made = json.loads(json.dumps(tt.certificate(mdp, [["1/2", "1/2"]], [["1", "0"]])))
    found = {statement.name: statement.status for statement in check(made)}
    assert found["trpo_kl_bound"] == found["monotone_improvement"] == "vacuous"
    assert {*SLACK} <= {*found} <= {*THEOREMS}
    model = Model(
        "9/10", {"X": "1"}, [["X", "a", "X", "1", reward], ["X", "b", "X", "1", "0"]],
        {"X": {"a": "1/2", "b": "1/2"}}, {"X": {"a": "1"}},
    )  # fmt: skip
    texts = ("eta - max_kl <= 5", "eta <= max_kl", "eps*max_kl >= 1", "max_kl/eps >= 1")
    for text in (*texts, "smaller(eta, -max_kl) <= eta", "max_kl - abs(L)/eps >= 0"):
        claim = user(text, None, exactness="log")
        assert check(certificate(model, lambda q, claim=claim: [claim]))[0].status == "vacuous"  # type: ignore[misc]


def test_root_of_what_may_be_infinite_is_not_overrated() -> None:
    """At 64 bits the number under the root lies in [9, inf]; in truth it is 9, and the root 3."""
    old, tie = MODELS["near tie"].pi, MODELS["near tie"].pi_new["X"]
    model = Model("9/10", {"X": "1"}, TWO, old, {"X": tie, "Y": {"a": "1"}})
    nothing = "smaller(0, max_s(-kl) - max_s(-kl))"
    claim = user(f"smaller(sqrt(9 - {nothing}*max_kl), 5) >= 4", F(1, 2), exactness="log")
    for wide in (["0", "1"], ["1/2", "1"], ["1", "1"]):
        with pytest.raises(CertificateError, match="undecided"):
            check(certificate(model, lambda q, wide=wide: [{**claim, "slack": wide}]))  # type: ignore[misc]


def test_claims_with_roots() -> None:
    q = quantities(MODELS["plain"])
    root = F(math.isqrt(int(q.max_tv * 10**200)), 10**100)  # rounded down by less than the margin
    claims = [
        user("sqrt(4) == 2", F(0), exactness="sqrt"),
        user("sqrt(max_tv) <= 1", 1 - root, exactness="sqrt"),
        user("sqrt(max_tv)**2 <= max_tv + 1", F(1), exactness="sqrt"),
    ]
    for claim in claims:
        assert check(claimed("plain", claim))[0].status == "proved"
    with pytest.raises(CertificateError, match="undecided"):  # true, but no enclosure shows it
        check(claimed("plain", user("sqrt(2)**2 <= 2", F(0), exactness="sqrt")))
    with pytest.raises(CertificateError, match="undecided"):
        check(claimed("plain", user("sqrt(-1) <= 2", F(0), exactness="sqrt")))


FORMULAS: dict[str, Any] = {
    "gamma": lambda q: q.gamma,
    "-eta + 2*3 - 1": lambda q: 5 - q.eta,
    "eta_new/eta": lambda q: q.eta_new / q.eta,
    "(2**3)**2 - (1 - gamma)**0": lambda q: F(63),
    "abs(L - 1000)": lambda q: abs(q.L - 1000),
    "smaller(eta, 1/7)": lambda q: min(q.eta, F(1, 7)),
    "sum_s(rho0*V*V_new)": lambda q: sum(map(math.prod, both(q.rho0, q.V, q.V_new))),
    "max_s(-V)": lambda q: -min(q.V),
    "span_s(tv/7)": lambda q: (max(q.tv) - min(q.tv)) / 7,
    "mean_d(A_bar)": lambda q: (1 - q.gamma) * dot(q.rho, q.A_bar),
    "max_s(max_a(Q))": lambda q: max(q.Q.values()),
    "max_s(-span_a(2*A))": lambda q: -2 * min(q.span_a),
    "max_sa(-abs(A))": lambda q: -min(map(abs, q.A.values())),
    "max_sa(A - Q + r)": lambda q: max(q.r[key] + q.A[key] - value for key, value in q.Q.items()),
    "sum_s(W*shift(V))": lambda q: dot(q.W, q.shift(q.V)),
    "step_tv(0) + step_tv(3)": lambda q: q.step_tv_3,
    "L_mix(gamma)": lambda q: (1 - q.gamma) * q.eta + q.gamma * q.L,
    "M_pi": lambda q: q.eta,
    "mean_tv": lambda q: q.mean_tv,
    "eta_dot": lambda q: q.eta_dot,
}


@pytest.mark.parametrize("text", FORMULAS)
@pytest.mark.parametrize("model", ["plain", "three"])
def test_formula_language_agrees_with_plain_python(model: str, text: str) -> None:
    value = F(FORMULAS[text](quantities(MODELS[model])))
    rational = f"{value.numerator}/{value.denominator}"
    (statement,) = check(claimed(model, user(f"{text} == {rational}", F(0))))
    assert statement.status == "proved"
    (statement,) = check(claimed(model, user(f"{text} + 1 <= {rational}", F(-1))))
    assert statement.status == "refuted"


def decimal_log(x: Fraction) -> Fraction:
    with localcontext() as context:
        context.prec = 400
        return F(Decimal(x.numerator).ln() - Decimal(x.denominator).ln())


ARGUMENTS = [
    *(F(n, d) for n in range(1, 12) for d in range(1, 12) if n != d),
    F(2) ** 500, F(2) ** -500, F(10**40 + 1, 10**40), F(10**40 - 1, 10**40), F(3, 4), F(4, 3),
    F(2**60 + 1, 2**60), F(2**61 - 1, 2**60), F(7**300, 5**350), F(1, 10**300),
]  # fmt: skip


@pytest.mark.parametrize("bits", [64, 256, 1024])
def test_logarithms_are_enclosed_tightly(bits: int) -> None:
    for x in ARGUMENTS:
        low, high = checker._log(x, bits)
        true = decimal_log(x)
        assert low <= true + F(1, 10**380) and true - F(1, 10**380) <= high
        doublings = abs(x.numerator.bit_length() - x.denominator.bit_length())
        assert 0 < high - low <= F(1 + doublings, 2**bits)
        assert math.isclose(
            float(low), math.log(x.numerator) - math.log(x.denominator), abs_tol=1e-9
        )


def test_logarithms_at_rising_precision_agree() -> None:
    """Any two enclosures of one number meet; so do those of x and 1/x, and of x*y and x, y."""
    for x in ARGUMENTS:
        enclosures = [checker._log(x, 64 << i) for i in range(5)]
        for (low, high), (lower, higher) in pairwise(enclosures):
            assert lower <= high and low <= higher and higher - lower < high - low
        low, high = checker._log(1 / x, 128)
        lower, higher = checker._log(x, 128)
        assert low <= -lower and -higher <= high
        low, high = checker._log(3 * x / 7, 128)
        a, b = checker._log(F(3, 7), 128)
        assert low <= higher + b and lower + a <= high


def test_kl_of_the_maker_is_close_to_the_float() -> None:
    assert math.isclose(float(kl([F(1, 2)] * 2, [F(1, 3), F(2, 3)]) or 0), 0.0588915178)
