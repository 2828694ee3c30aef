"""What a model is, as a page, as JSON and as a graph."""

import pytest

from tests.app.conftest import MDPS, Model, Run


def test_sizes_and_structure_by_hand(run: Run, model: Model) -> None:
    document = run("show", model(why="Because."), "--json").document
    assert document["why"] == "Because." and document["states"] == ["x", "y"]
    assert (document["allowed_pairs"], document["transitions"]) == (3, 3)
    assert (document["gamma"], document["horizon"]) == ("1/2", "2")
    assert (document["reward_min"], document["reward_max"]) == ("0", "2")
    assert document["structure"] == {"unreachable": [], "recurrent": [["y"]], "periods": [1]}
    assert document["optimum"]["eta_star"] == "3" and document["optimum"]["ties"] == {}
    assert document["policies"]["uniform"]["eta"] == "2"
    assert document["policies"]["uniform"]["full_support"] is True


def test_unreachable_states_and_ties_are_named(run: Run, model: Model) -> None:
    rows = [["x", "stay", "x", "1", "1"], ["x", "go", "x", "1", "1"], ["y", "stay", "x", "1", "0"]]
    document = run("show", model(transitions=rows), "--json").document
    assert document["structure"]["unreachable"] == ["y"]
    assert document["optimum"]["ties"] == {"x": ["stay", "go"]}
    out = run("show", model(transitions=rows)).out
    assert "x (stay, go)" in out and ["Unreachable", "y"] in [
        line.split() for line in out.split("\n")
    ]


@pytest.mark.parametrize("path", sorted(MDPS.glob("*.mdp.json")), ids=lambda path: path.name[:-9])
def test_every_model_is_shown(run: Run, path: object) -> None:
    for extra in ([], ["--arithmetic", "float"], ["--quiet"]):
        result = run("show", str(path), *extra)
        assert result.code == 0 and result.err == "" and result.out


def test_graph_is_drawn_from_every_name(run: Run, model: Model) -> None:
    names = ['a "b"', "back\\slash"]
    rows = [[names[0], "go", names[1], "1", "1"], [names[1], "go", names[1], "1", "0"]]
    path = model(states=names, actions=["go"], rho0={names[0]: "1"}, transitions=rows)
    out = run("show", path, "--dot").out
    assert out.startswith('digraph "small" {') and out.endswith("}\n")
    assert '"a \\"b\\"" -> "back\\\\slash" [label="go: 1, 1"];' in out
    assert '"a \\"b\\"" [peripheries=2];' in out
    both = run("show", path, "--dot", "--json")
    assert both.code == 2 and both.document["error"]["kind"] == "UsageError"
    assert "--dot and --json exclude each other" in both.err


def test_one_action_is_singular(run: Run, model: Model) -> None:
    rows = [["x", "go", "y", "1", "1"], ["y", "go", "y", "1", "0"]]
    out = run("show", model(actions=["go"], transitions=rows), "--quiet").out
    assert out.startswith("small: 2 states, 1 action, gamma 1/2")
