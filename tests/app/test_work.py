"""--work, and --arithmetic auto by digits, on the command line."""

from random import Random

import pytest

from tests.app.conftest import Model, Run


def long(model: Model, n_states: int, digits: int) -> str:
    """Write a model of states that stay or go on, with probabilities of so many digits."""
    rng, states = Random(0), [f"s{i}" for i in range(n_states)]
    rows = []
    for i, s in enumerate(states):
        for a in ("a", "b"):
            d = rng.randrange(10 ** (digits - 1), 10**digits)
            p = rng.randrange(1, d)
            after = states[(i + 1) % n_states]
            rows += [[s, a, s, f"{p}/{d}", "1"], [s, a, after, f"{d - p}/{d}", "0"]]
    return str(model(states=states, actions=["a", "b"], transitions=rows, rho0={"s0": "1"}))


COMMANDS = (["solve"], ["evaluate"], ["improve", "--method", "policy_iteration"])


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: c[0])
def test_work_beyond_the_budget_ends_with_exit_code_4(
    command: list[str], run: Run, model: Model
) -> None:
    path = long(model, 6, 40)
    words = [command[0], path, *command[1:]]
    refused = run(*words, "--arithmetic", "rational", "--work", "0.0001")
    assert refused.code == 4 and "at most 0.0001 s" in refused.err
    assert "--arithmetic float" in refused.err and "--work" in refused.err
    assert run(*words, "--arithmetic", "float", "--work", "0.0001").code == 0
    assert run(*words, "--arithmetic", "rational", "--work", "50").code == 0


def test_verify_names_the_budget(run: Run, model: Model) -> None:
    path = long(model, 4, 20)
    refused = run("verify", path, "--theorem", "trpo_bound", "--work", "0.0001")
    assert refused.code == 4 and "exact arithmetic" in refused.out + refused.err


def test_auto_follows_the_digits(run: Run, model: Model) -> None:
    assert run("solve", long(model, 20, 20), "--json").document["lane"] == "rational"
    assert run("solve", long(model, 60, 300), "--json").document["lane"] == "float"


@pytest.mark.parametrize("bad", ["-1", "nan", "x", ""])
def test_work_is_a_number_of_seconds(bad: str, run: Run, model: Model) -> None:
    assert run("solve", long(model, 2, 2), f"--work={bad}").code == 2
