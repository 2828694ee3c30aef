"""The optimum on the command line."""

from tests.app.conftest import MDPS, Model, Run


def test_solution_by_hand(run: Run, model: Model) -> None:
    document = run("solve", model(), "--json").document
    assert document["V_star"] == {"x": "3", "y": "4"} and document["eta_star"] == "3"
    assert document["optimal"] == {"x": ["go"], "y": ["stay"]}
    assert document["lane"] == "rational" and document["radius"]["V_star"] == "0"


def test_all_optimal_actions_are_named(run: Run) -> None:
    document = run("solve", MDPS / "ties.mdp.json", "--json").document
    assert document["optimal"]["start"] == ["quick", "slow", "slower"]
    assert "quick, slow, slower" in run("solve", MDPS / "ties.mdp.json").out


def test_float_arithmetic_has_a_radius(run: Run, model: Model) -> None:
    document = run("solve", model(), "--json", "--arithmetic", "float").document
    assert document["lane"] == "float"
    assert abs(document["V_star"]["x"] - 3.0) <= document["radius"]["V_star"] < 1e-12
    assert "+-" in run("solve", model(), "--quiet", "--arithmetic", "float").out


def test_long_tables_are_cut_unless_asked_for(run: Run, model: Model) -> None:
    states = [f"s{i}" for i in range(50)]
    rows = [[s, "a", s, "1", "0"] for s in states]
    path = model(states=states, actions=["a"], transitions=rows, rho0={"s0": "1"})
    assert "10 more rows; --all shows all" in run("solve", path).out
    assert "s49" in run("solve", path, "--all").out
    assert len(run("solve", path, "--json").document["V_star"]) == 50
