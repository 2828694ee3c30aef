"""Evaluation on the command line, against values computed by hand."""

from fractions import Fraction

import pytest

from tests.app.conftest import Model, Run

POLICIES = {
    "stay": {"x": {"stay": "1"}, "y": {"stay": "1"}},
    "go": {"x": {"go": "1"}, "y": {"stay": "1"}},
}


def test_uniform_by_hand(run: Run, model: Model) -> None:
    document = run("evaluate", model(), "--json").document
    assert document["V"] == {"x": "2", "y": "4"} and document["eta"] == "2"
    # rho(x) = 1 + rho(x)/4 = 4/3; rho sums to 2.
    assert document["rho"] == {"x": "4/3", "y": "2/3"} and document["d"] == {"x": "2/3", "y": "1/3"}
    assert document["Q"] == {"x": {"stay": "1", "go": "3"}, "y": {"stay": "4"}}
    assert document["A"] == {"x": {"stay": "-1", "go": "1"}, "y": {"stay": "0"}}
    assert document["policy"] == "uniform" and set(document["radius"].values()) == {"0"}


@pytest.mark.parametrize(
    ("name", "eta"),
    [("uniform", "2"), ("greedy", "3"), ("optimal", "3"), ("stay", "0"), ("go", "3")],
)
def test_policies_by_name(run: Run, model: Model, name: str, eta: str) -> None:
    path = model(policies=POLICIES)
    assert run("evaluate", path, "--policy", name, "--json").document["eta"] == eta
    assert f"eta = {eta}" in run("evaluate", path, "--policy", name, "--quiet").out


def test_policy_of_the_file_goes_before_a_made_one(run: Run, model: Model) -> None:
    path = model(policies={"greedy": POLICIES["stay"]})
    assert run("evaluate", path, "--policy", "greedy", "--json").document["eta"] == "0"


def test_pair_by_hand(run: Run, model: Model) -> None:
    # Uniform against go: A_bar(x) = 1, L = 2 + 4/3; eps = 1; tv(x) = 1/2; C = 4/2/(1/4) = 8.
    found = run("evaluate", model(), "--policy-new", "greedy", "--json").document["pair"]
    assert (found["eta"], found["eta_new"], found["L"]) == ("2", "3", "10/3")
    assert (found["eps"], found["eps_cpi"], found["max_tv"], found["C"]) == ("1", "1", "1/2", "8")
    assert found["mean_tv"] == "1/3"
    # (8): L - 8 (1/2)^2; the new policy loses an action of the old one, so KL and (9) are infinite.
    assert found["trpo_bound"] == "4/3"
    assert (found["max_kl"], found["mean_kl"], found["trpo_kl_bound"]) == ("inf", "inf", "-inf")


def test_pair_of_the_float_arithmetic_is_within_its_errors(run: Run, model: Model) -> None:
    words = ["evaluate", model(), "--policy-new", "greedy", "--json"]
    exact, near = run(*words).document, run(*words, "--arithmetic", "float").document
    assert set(exact["pair_radius"].values()) == {0.0}
    for name, value in exact["pair"].items():
        if value.endswith("inf"):
            assert near["pair"][name] == value
        else:
            error = near["pair_radius"][name]
            assert abs(Fraction(near["pair"][name]) - Fraction(value)) <= Fraction(error) < 1e-12
    assert "Error" in run(*words[:-1], "--arithmetic", "float").out


def test_return_has_one_error_in_one_report(run: Run, model: Model) -> None:
    words = ["evaluate", model(gamma="9/10"), "--policy-new", "greedy", "--arithmetic", "float"]
    document = run(*words, "--json").document
    assert document["radius"]["eta"] == document["pair_radius"]["eta"] > 0
    page = run(*words).out
    for name, end in {"eta": ", policy", "eta_new": " (float"}.items():
        error = f"{document['pair_radius'][name]:.2g}"
        (row,) = (line for line in page.split("\n") if line.split()[:1] == [name])
        assert f" {error} " in row and f" +- {error}{end}" in " ".join(page.split())


def test_pair_is_a_table_too(run: Run, model: Model) -> None:
    out = run("evaluate", model(), "--policy-new", "greedy").out
    assert "Against policy greedy" in out and "10/3" in out and "-inf" in out


def test_greedy_second_policy_improves_on_the_first(run: Run, model: Model) -> None:
    path = model(policies=POLICIES)
    document = run(
        "evaluate", path, "--policy", "stay", "--policy-new", "greedy", "--json"
    ).document
    assert document["pair"]["eta"] == "0" and document["pair"]["eta_new"] == "3"


def test_float_arithmetic_is_within_its_radius(run: Run, model: Model) -> None:
    document = run("evaluate", model(), "--arithmetic", "float", "--json").document
    assert abs(document["V"]["x"] - 2.0) <= document["radius"]["V"] < 1e-12
    assert "Proved largest errors: V" in run("evaluate", model(), "--arithmetic", "float").out


def test_unknown_policy_is_a_usage_error(run: Run, model: Model) -> None:
    result = run("evaluate", model(), "--policy", "nobody")
    assert result.code == 2 and "'nobody'; there are uniform, greedy, optimal" in result.err


def test_exact_values_of_any_length_are_written(run: Run, model: Model) -> None:
    gamma = f"{10**1990 - 1}/{10**1990}"
    document = run("evaluate", model(gamma=gamma), "--json").document
    assert len(document["eta"]) > 1990
    assert max(map(len, run("evaluate", model(gamma=gamma)).out.split("\n"))) <= 100
