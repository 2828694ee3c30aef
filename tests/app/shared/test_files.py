"""Certificates on disk: safe names, whole files."""

import json
import os
from pathlib import Path

import pytest

from tabular_trpo._app.shared.files import CERTIFICATE, save, unique
from tabular_trpo._app.verify.command import certificate_name


@pytest.mark.parametrize(
    ("model", "pair"), [("../../etc/passwd", "x"), ("a\x00b\n", "c/d"), ("", ""), ("é" * 500, ".")]
)
def test_name_stays_in_its_folder(model: str, pair: str) -> None:
    name = certificate_name(model, pair) + CERTIFICATE
    assert Path(name).name == name and not name.startswith(".") and len(name) < 200
    assert name.isascii() and name.endswith(".cert.json")


def test_names_differ_also_where_case_does_not_count() -> None:
    taken: set[str] = set()
    names = [unique(certificate_name(m, "p"), taken) for m in ("a/b", "a b", "A b")]
    assert len({name.lower() for name in names}) == 3


def test_file_is_replaced_whole(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "deep"
    save(folder, "x.cert.json", {"a": 1})
    path = save(folder, "x.cert.json", {"a": 2})
    assert json.loads(path.read_text(encoding="utf-8")) == {"a": 2}
    assert os.listdir(folder) == ["x.cert.json"]


def test_failed_write_leaves_nothing_behind(tmp_path: Path) -> None:
    save(tmp_path, "x.cert.json", {"a": 1})
    with pytest.raises(TypeError):
        save(tmp_path, "x.cert.json", {"a": object()})
    assert os.listdir(tmp_path) == ["x.cert.json"]
    assert json.loads((tmp_path / "x.cert.json").read_text(encoding="utf-8")) == {"a": 1}
