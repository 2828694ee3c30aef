"""Certified steps: `check` proves them from the model, and every change is refused."""

import json
from dataclasses import replace
from fractions import Fraction as F

import numpy as np
import pytest

import tabular_trpo as tt
from tabular_trpo._core.errors import InvalidMDPError
from tabular_trpo._improve.certificate import step_certificate
from tabular_trpo._improve.greedy import greedy
from tabular_trpo._improve.step import step_to
from tabular_trpo._improve.total_variation import tv_constraint, tv_penalty
from tabular_trpo.check import CertificateError, check, main
from tests.certificates import seal
from tests.strategies import rational_pairs
from tests.test_check_tampering import DELETED, caught, changes, parts, replaced
from tests.test_mdps import NAMES, load


def stepped(mdp, pi, c=None):
    ev = tt.evaluate(mdp, pi)
    return tv_penalty(tt.surrogate(ev), tt.penalty(ev) if c is None else c)


def spelled(x):
    return f"{x.numerator:x}/{x.denominator:x}"


@pytest.mark.parametrize("name", NAMES)
def test_algorithm_1_on_every_model(name):
    mdp = load(name).mdp
    pi = tt.policies.uniform(mdp)
    statements = check(json.loads(json.dumps(step_certificate(mdp, pi, stepped(mdp, pi)))))
    assert statements[-1][:2] == ("tv_penalised_step", "proved") and len(statements) == 4


@pytest.mark.parametrize("c", ["0", "1/3", "2", "40"])
def test_random_models_and_penalties(c):
    for mdp, pi, _ in rational_pairs(31, 40):
        assert check(step_certificate(mdp, pi, stepped(mdp, pi, c)))[-1].status == "proved"


def other_texts(text):
    """Yield false values of a number in the proof."""
    top, _, bottom = text.partition("/")
    x = F(int(top, 16), int(bottom or "1", 16))
    yield from (spelled(y) for y in (x + 1, x - 1, -x, 2 * x, x / 2, x + F(1, 10**9)) if y != x)


def plain(rewards=("1", "-1/2", "2", "1/3", "3")):
    """Return two states with three and two actions, all numbers different, and a policy."""
    rows = [["1/3", "2/3"], ["3/4", "1/4"], ["1/5", "4/5"], ["1/2", "1/2"], ["1/7", "6/7"]]
    P, r, allowed = np.full((2, 3, 2), F(0)), np.full((2, 3), F(0)), np.ones((2, 3), dtype=bool)
    allowed[1, 2] = False
    for at, row, reward in zip(np.argwhere(allowed), rows, rewards, strict=True):
        P[*at], r[*at] = [F(x) for x in row], F(reward)
    mdp = tt.MDP(P, r, ["2/5", "3/5"], "3/4", allowed)
    return mdp, [["1/6", "1/3", "1/2"], ["2/9", "7/9", "0"]]


@pytest.mark.parametrize("c", ["0", "1", "20", None])
def test_each_field_is_pinned(c):
    """Each field is changed in several ways, with and without a new digest."""
    mdp, pi = plain()
    assert assert_pinned(step_certificate(mdp, pi, stepped(mdp, pi, c), ["trpo_bound"])) > 500


def test_each_field_is_pinned_where_nothing_moves():
    mdp, pi = plain(rewards=["1"] * 5)
    document = step_certificate(mdp, pi, stepped(mdp, pi), ["surrogate_value"])
    assert assert_pinned(document, lambda path: path[0] == "step" and path != ("step", "c")) > 30
    # Any c >= 0 is valid here; with c < 0 a step without a gain would be better.
    assert check(seal(replaced(document, ("step", "c"), "7")))[-1].status == "proved"
    assert caught(seal(replaced(document, ("step", "c"), "-1")))


def assert_pinned(document, under=lambda path: path[0] not in ("claims", "digest")):
    assert not caught(document)
    count = 0
    for path, value in parts(document):
        if not path or not under(path):
            continue
        news = [*changes(path, value)]
        if path[0] == "step" and isinstance(value, str):
            news += other_texts(value)
        for new in news:
            count += 1
            changed = replaced(document, path, new)
            assert caught(changed), (path, value, new)
            assert caught(seal(changed)) or harmless(document, path, new), (path, value, new)
    return count


def harmless(document, path, new):
    """Return whether the change is valid: fewer statements, or another order of a set."""
    if path in (("model", "transitions"), ("model", "actions")):
        return sorted(new) == sorted(document["model"][path[1]])
    return path == ("step",) and new is DELETED


def test_certificate_without_the_step_is_that_of_a_pair():
    mdp = load("weather").mdp
    pi = tt.policies.uniform(mdp)
    document = step_certificate(mdp, pi, stepped(mdp, pi))
    del document["step"]
    assert caught(document)
    assert "tv_penalised_step" not in [one.name for one in check(seal(document))]


def test_another_policy_has_no_proof():
    """The pair is certified correctly, and only the claim of an optimum is false."""
    mdp = load("weather").mdp
    pi = tt.policies.uniform(mdp)
    correct = step_certificate(mdp, pi, stepped(mdp, pi))
    for weight in (F(0), F(1, 2), F(99, 100), F(2)):
        new = pi + weight * (stepped(mdp, pi).pi_new - pi)
        altered = tt.certificate(mdp, pi, new, ["surrogate_value"])
        tv = max(abs(new - pi).sum(axis=1)) / 2
        for a in (correct["step"]["a"], spelled(tv)):
            altered["step"] = {**correct["step"], "a": a}
            with pytest.raises(CertificateError):
                check(seal(altered))


def test_steps_that_are_not_optimal_are_refused():
    mdp = load("weather").mdp
    pi = tt.policies.uniform(mdp)
    L, step = tt.surrogate(tt.evaluate(mdp, pi)), stepped(mdp, pi)
    half = step_to(L, (step.pi_new + pi) / 2, step.multipliers)
    for wrong in (greedy(L), tv_constraint(L, "1/8"), half):
        with pytest.raises(InvalidMDPError):
            step_certificate(mdp, pi, wrong)
    wrong = replace(step, multipliers=replace(step.multipliers, a=F(1, 3)))
    with pytest.raises(InvalidMDPError):
        step_certificate(mdp, pi, wrong)
    with pytest.raises(InvalidMDPError, match="in floats"):
        step_certificate(tt.MDP(np.ones((1, 1, 1)), [[0.0]], [1.0], 0.5), [[1.0]], step)


def test_the_command_prints_the_step(tmp_path, capsys):
    mdp = load("weather").mdp
    pi = tt.policies.uniform(mdp)
    path = tmp_path / "step.json"
    path.write_text(json.dumps(step_certificate(mdp, pi, stepped(mdp, pi))))
    assert main([str(path)]) == 0
    assert "proved tv_penalised_step: no policy has a larger" in capsys.readouterr().out
