"""Arrays that no memory holds are refused before anything of their size is made."""

import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tabular_trpo as tt
from tabular_trpo._core import memory

SHAPE = (10**6, 10, 10**6)  # 80 TB of doubles
HUGE = {
    "float view": np.broadcast_to(0.5, SHAPE),
    "integer view": np.broadcast_to(1, SHAPE),
    "exact view": np.broadcast_to(np.array(Fraction(1, 2)), SHAPE),
    "one list many times": [[[0.5] * 10**4] * 10**4] * 10**5,
}


@pytest.mark.parametrize("kind", HUGE)
@pytest.mark.parametrize("name", ["P", "r", "rho0", "gamma"])
def test_absurd_arrays_are_refused_at_once(kind: str, name: str) -> None:
    fields: dict[str, Any] = {"P": [[[1]]], "r": [0], "rho0": [1], "gamma": 0.5, name: HUGE[kind]}
    with pytest.raises(tt.MemoryGuardError, match=f"^{name} with 10,000,000,000,000 entries needs"):
        tt.MDP(**fields)


@pytest.mark.parametrize("kind", HUGE)
def test_absurd_policies_and_counts_are_refused_at_once(kind: str) -> None:
    mdp = tt.MDP([[[1]]], [0], [1], 0.5)
    for ask in (
        lambda x: tt.policies.check_policy(mdp, x),
        lambda x: tt.policies.greedy(mdp, x),
        lambda x: tt.policies.mixture(x, x, 0),
        lambda x: tt.MDP.from_counts(x, [0], [1], 0),
        lambda x: tt.kl(x, x),
        tt.policies.softmax,
    ):
        with pytest.raises(tt.MemoryGuardError):
            ask(HUGE[kind])


def test_an_exact_entry_counts_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    table = np.eye(10)[:, None]
    fields: dict[str, Any] = {"r": [0] * 10, "rho0": [1] + [0] * 9, "gamma": 0}
    monkeypatch.setattr("tabular_trpo._core.memory.limit", lambda: 8 * 100)
    assert tt.MDP(table, **fields).n_states == 10
    with pytest.raises(tt.MemoryGuardError, match=r"P with 100 entries needs 1,600 bytes.*CSR"):
        tt.MDP(table.astype(int).astype(str), **fields)


GIB = 2**30
MACHINE = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
NONE = "9223372036854771712"  # how version 1 says that there is no limit
# The tree: files of /proc and /sys; then the least limit of all groups, and what is left there.
TREES: dict[str, tuple[dict[str, str], int | None, int | None]] = {
    "version 2, seen as the root": (
        {
            "proc/self/cgroup": "0::/\n",
            "sys/fs/cgroup/memory.max": f"{GIB}\n",
            "sys/fs/cgroup/memory.current": f"{GIB // 4}\n",
            "sys/fs/cgroup/memory.stat": f"anon 5\ninactive_file {GIB // 8}\n",
        },
        GIB,
        GIB - GIB // 8,
    ),
    "version 2, nested, the outer one less": (
        {
            "proc/self/cgroup": "0::/pod/one\n",
            "sys/fs/cgroup/pod/one/memory.max": "max\n",
            "sys/fs/cgroup/pod/one/memory.current": "100\n",
            "sys/fs/cgroup/pod/memory.max": f"{GIB // 2}\n",
            "sys/fs/cgroup/pod/memory.current": f"{GIB // 2 - 100}\n",
        },
        GIB // 2,
        100,
    ),
    "version 2, nested, the inner one less": (
        {
            "proc/self/cgroup": "0::/pod/one\n",
            "sys/fs/cgroup/pod/one/memory.max": f"{GIB // 4}\n",
            "sys/fs/cgroup/pod/memory.max": f"{GIB}\n",
            "sys/fs/cgroup/pod/memory.current": "0\n",
        },
        GIB // 4,
        GIB // 4,
    ),
    "version 2, a path of the host that is not there": (
        {
            "proc/self/cgroup": "0::/system.slice/docker-12.scope\n",
            "sys/fs/cgroup/memory.max": f"{GIB}\n",
            "sys/fs/cgroup/memory.current": f"{2 * GIB}\n",
        },
        GIB,
        0,
    ),
    "version 1": (
        {
            "proc/self/cgroup": "5:cpu,cpuacct:/x\n4:memory:/docker/12\n0::/\n",
            "sys/fs/cgroup/memory/docker/12/memory.limit_in_bytes": f"{GIB}\n",
            "sys/fs/cgroup/memory/docker/12/memory.usage_in_bytes": f"{GIB // 2}\n",
            "sys/fs/cgroup/memory/docker/12/memory.stat": f"total_inactive_file {GIB // 4}\n",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": NONE,
            "sys/fs/cgroup/memory/memory.usage_in_bytes": "77\n",
        },
        GIB,
        GIB - GIB // 4,
    ),
    "both versions": (
        {
            "proc/self/cgroup": "3:memory,hugetlb:/a\n0::/b\n",
            "sys/fs/cgroup/memory/a/memory.limit_in_bytes": f"{2 * GIB}\n",
            "sys/fs/cgroup/unified/b/memory.max": f"{GIB}\n",
        },
        GIB,
        GIB,
    ),
    "no limit": ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "max\n"}, None, None),
    "no groups": ({}, None, None),
    "files of another kind": (
        {"proc/self/cgroup": "nonsense\n\n:::\n", "sys/fs/cgroup/memory.max": "many\n"},
        None,
        None,
    ),
}


@pytest.mark.parametrize("kind", TREES)
def test_a_container_limits_what_fits(kind: str, tmp_path: Path) -> None:
    files, most, rest = TREES[kind]
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    root = str(tmp_path)
    assert memory.limit(root) == min(MACHINE, MACHINE if most is None else most) // 2
    assert memory.left(root) == (sys.maxsize if rest is None else rest)


def test_what_is_left_is_asked_for_large_objects(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tabular_trpo._core.memory.left", lambda: 2**25)
    P = np.broadcast_to(0.5, (2**10, 4, 2**10))
    memory.guard(2**25, "P", "Use CSR")
    with pytest.raises(tt.MemoryGuardError, match=r"at most 33,554,432 bytes \(what is left"):
        memory.guard(2**25 + 1, "P", "Use CSR")
    monkeypatch.setattr("tabular_trpo._core.memory.left", lambda: 2**24 - 1)
    with pytest.raises(tt.MemoryGuardError, match="what is left"):
        tt.MDP(P, np.zeros((2**10, 4)), np.ones(2**10), 0.5)


def test_a_process_with_a_limit_of_its_own_gets_an_error_before_memory_ends() -> None:
    code = """if True:
        import resource
        import numpy as np
        import tabular_trpo as tt
        used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
        most = used + 2**28
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        n = 6000  # 288 MB of doubles
        try:
            tt.MDP(np.broadcast_to(1 / n, (n, 1, n)), np.zeros((n, 1)), np.full(n, 1 / n), 0.5)
        except tt.MemoryGuardError as error:
            print(error)
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("P with 36,000,000 entries needs 288,000,000 bytes, expected at")
    assert "ulimit -v" in done.stdout
