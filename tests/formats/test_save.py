"""A file is written whole or not at all."""

import os
import stat
from pathlib import Path

import pytest

import tabular_trpo as tt
from tabular_trpo import formats
from tabular_trpo._formats import encode
from tests.formats.base import BASE

MDP = formats.from_document(BASE).mdp


def test_file_is_written_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "x.mdp.json"
    formats.write(MDP, path, {"u": tt.policies.uniform(MDP)}, "why", {"policy": "u"})
    assert os.listdir(tmp_path) == [path.name]
    back = formats.load(str(path))
    assert (back.why, list(back.policies), dict(back.expected)) == ("why", ["u"], {"policy": "u"})
    assert path.read_text(encoding="utf-8").endswith("}\n")


def test_mode_of_a_new_file_follows_the_umask_and_an_old_one_keeps_its_own(tmp_path: Path) -> None:
    path = tmp_path / "x.mdp.json"
    before = os.umask(0o027)
    try:
        formats.write(MDP, path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    path.chmod(0o604)
    formats.write(MDP, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o604


def test_link_stays_a_link(tmp_path: Path) -> None:
    target, link = tmp_path / "real.mdp.json", tmp_path / "link.mdp.json"
    target.write_text("old")
    link.symlink_to(target)
    formats.write(MDP, link)
    assert link.is_symlink()
    assert formats.read(target).gamma == MDP.gamma


def _fail(*_: object) -> None:
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_failure_leaves_the_old_file_alone(
    step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.mdp.json"
    path.write_text("old")
    with monkeypatch.context() as patch:
        patch.setattr(f"os.{step}" if step == "fsync" else f"pathlib.Path.{step}", _fail)
        with pytest.raises(tt.InvalidMDPError, match="cannot be written: No space left on device"):
            formats.write(MDP, path)
    assert (os.listdir(tmp_path), path.read_text()) == ([path.name], "old")


def test_invalid_policy_leaves_the_old_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "x.mdp.json"
    path.write_text("old")
    with pytest.raises(tt.TabularError):
        formats.write(MDP, path, {"pi": [["1/2", "1/3"], ["1", "0"]]})
    assert (os.listdir(tmp_path), path.read_text()) == ([path.name], "old")


def test_file_too_large_to_be_read_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encode, "MOST_BYTES", 100)
    with pytest.raises(tt.LimitError, match=r"x.json would have \d+ bytes, expected at most 100"):
        formats.write(MDP, tmp_path / "x.json")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("path", ["", ".", "no/such/dir/x.mdp.json", "/dev/null", "-", "a\0b"])
def test_place_that_takes_no_file_is_refused(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(tt.InvalidMDPError, match="cannot be written: ") as caught:
        formats.write(MDP, path)
    assert caught.value.code == "file"
    assert os.listdir(tmp_path) == []
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
