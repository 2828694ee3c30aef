"""Ctrl-C at the command line: one line, 130, nobody left behind; while it is imported, too."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import tabular_trpo
from tests.app.conftest import MDPS

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="supervision uses prctl, a call of Linux alone"
)

PATIENCE = 60.0  # seconds, against tests that hang; nothing is timed
ROOT = Path(tabular_trpo.__file__).parents[1]
LINE = b"tabular-trpo: interrupted\n"
ENTRIES = {
    "-m": ["-m", "tabular_trpo"],
    "script": ["{folder}/tabular-trpo"],
}
POOLS = {
    "campaign": ["campaign", "--pairs", "100000000", "--out", "{folder}/c.jsonl"],
    "compare": ["compare", f"{MDPS}/queue.mdp.json", "--steps", "100000000"],
}


def started(words: list[str], folder: Path, **more: str) -> "subprocess.Popen[bytes]":
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored ones are inherited
    child = subprocess.Popen(
        [sys.executable, *(word.replace("{folder}", str(folder)) for word in words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **more},
    )
    signal.signal(signal.SIGINT, before)
    return child


def marked(mark: str) -> list[int]:
    """Return the processes that have a mark in their environment."""
    found = []
    for place in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark.encode() in place.read_bytes():
                found.append(int(place.parent.name))
        except OSError:
            pass
    return found


@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize("module", ["argparse", "numpy", "scipy", "rich"])
def test_interrupt_of_an_import_is_told(tmp_path: Path, entry: str, module: str) -> None:
    (tmp_path / f"{module}.py").write_text(
        "import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(600)\n"
    )
    script = "import sys\nfrom tabular_trpo._app.cli import main\nsys.exit(main())\n"
    (tmp_path / "tabular-trpo").write_text(script)
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    child = started([*ENTRIES[entry], "show", f"{MDPS}/rover.mdp.json"], tmp_path, PYTHONPATH=path)
    assert child.communicate(timeout=PATIENCE) == (b"", LINE)
    assert child.returncode == 130


def test_import_into_another_program_changes_no_handler(tmp_path: Path) -> None:
    code = "import signal, tabular_trpo; print(signal.getsignal(2) is signal.default_int_handler)"
    child = started(["-c", code], tmp_path)
    assert child.communicate(timeout=PATIENCE)[0] == b"True\n"


@pytest.mark.parametrize(
    ("command", "executor", "group", "times"),
    [
        ("campaign", "processes", True, 1),
        ("campaign", "processes", False, 2),
        ("compare", "processes", True, 2),
        ("compare", "dask", True, 1),
    ],
)
def test_interrupt_ends_a_command_with_its_workers(
    tmp_path: Path, command: str, executor: str, group: bool, times: int
) -> None:
    mark = f"TRIAL={tmp_path}"
    words = ["-m", "tabular_trpo", *POOLS[command], "--executor", executor, "--workers", "2"]
    child = started(words, tmp_path, TRIAL=str(tmp_path))
    for _ in range(int(PATIENCE / 0.02)):
        if len(marked(mark)) >= 5 or child.poll() is not None:  # two, a tracker, two workers
            break
        time.sleep(0.02)
    for _ in range(times):
        (os.killpg if group else os.kill)(child.pid, signal.SIGINT)
    out, err = child.communicate(timeout=PATIENCE)
    assert (child.returncode, out, err) == (130, b"", LINE)
    for _ in range(int(PATIENCE / 0.02)):
        if not marked(mark):
            break
        time.sleep(0.02)
    assert marked(mark) == []
