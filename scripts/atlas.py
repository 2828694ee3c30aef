"""`python -m scripts.atlas` (make atlas): for each bound and gamma the nearest to equality met.

Writes tabular_trpo/data/atlas.json, the witnesses in mdps/atlas, docs/atlas.png and the tables of
docs/atlas.md.  A task is one bound at one gamma, so the number of workers changes no byte.
"""

import argparse
import json
import sys
from collections.abc import Container, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from fractions import Fraction
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from scripts import atlas_page, mean_kl, witnesses
from tabular_trpo.falsify.atlas import DATA, GAMMAS, Entry, entry, is_bound
from tabular_trpo.theory.pair import Pair
from tabular_trpo.theory.theorems import THEOREMS

ROOT = Path(__file__).parents[1]
Task = tuple[str, Fraction, int, int]  # name, gamma, seed, rounds


def made(task: Task) -> tuple[Any, Pair | None]:
    """Do one task: an entry, or a finding on the mean KL."""
    name, gamma, seed, rounds = task
    if name == mean_kl.NAME:
        return mean_kl.finding(gamma, rounds, seed, mean_kl.MOST_LEVELS)
    theorem = next(t for t in THEOREMS if t.name == name)
    return entry(theorem, gamma, seed, rounds)


def results(tasks: Sequence[Task], workers: int) -> Iterator[tuple[Any, Pair | None]]:
    """Yield what each task gives, in their order."""
    if workers == 1:
        yield from map(made, tasks)
        return
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        yield from pool.map(made, tasks)


def why(one: Entry) -> str:
    """Say what a witness is for."""
    if one.status == "refuted":
        return f"Counterexample to {one.theorem} at gamma = {one.gamma}."
    if one.attained:
        return f"Attains the bound {one.theorem} at gamma = {one.gamma}."
    return f"Nearest to equality met for {one.theorem} at gamma = {one.gamma}: {one.ratio:.6f}."


def main(arguments: list[str] | None = None) -> int:
    """Make the atlas, or a part of it; exit 1 where a bound is refuted."""
    parser = argparse.ArgumentParser(prog="python -m scripts.atlas", description=__doc__)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=600, help="of each hunt")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--root", type=Path, default=ROOT, help="the checkout to write into")
    parser.add_argument(
        "--bounds", nargs="+", help=f"make these anew, or {mean_kl.NAME}, and keep the others"
    )
    options = parser.parse_args(arguments)
    bounds = [t.name for t in THEOREMS if is_bound(t)]
    known = [*bounds, mean_kl.NAME]
    for name in options.bounds or ():
        if name not in known:
            parser.error(f"no bound is called {name!r}; known: {', '.join(known)}")
    asked = options.bounds or known
    places = [(name, gamma) for name in bounds if name in asked for gamma in GAMMAS]
    if mean_kl.NAME in asked:
        places += [(mean_kl.NAME, Fraction(text)) for text in (*mean_kl.BELOW, *mean_kl.ABOVE)]
    tasks = [(*place, options.seed, options.rounds) for place in places]
    entries, findings = kept(options.root, [name for name in known if name not in asked])
    pairs: dict[str, tuple[Pair, str]] = {}
    for count, (one, pair) in enumerate(results(tasks, options.workers), 1):
        is_entry = isinstance(one, Entry)
        (entries if is_entry else findings).append(one)
        if pair is not None:
            pairs[one.witness] = pair, why(one) if is_entry else mean_kl.why(one)
        place, told = " ".join(map(str, tasks[count - 1][:2])), f"{one.status} {one.ratio}"
        print(f"{count}/{len(tasks)} {place}: {told}", file=sys.stderr, flush=True)
    entries.sort(key=lambda one: (bounds.index(one.theorem), one.gamma))
    write(options.root, entries, findings)
    replace(options.root / "mdps" / "atlas", pairs, {x.witness for x in [*entries, *findings]})
    return int(any(one.status == "refuted" for one in entries))


def kept(root: Path, names: Sequence[str]) -> tuple[list[Entry], list[mean_kl.Finding]]:
    """Return what the data that are there say of these names."""
    path = root / "tabular_trpo" / DATA
    if not names or not path.exists():
        return [], []
    data = json.loads(path.read_text(encoding="utf-8"))
    entries = [Entry.from_dict(x) for x in data["entries"] if x["theorem"] in names]
    findings = data["mean_kl"] if mean_kl.NAME in names else []
    return entries, [mean_kl.Finding.from_dict(x) for x in findings]


def replace(
    folder: Path, pairs: Mapping[str, tuple[Pair, str]], names: Container[str | None]
) -> None:
    """Write the new witnesses, and drop the files that no entry names."""
    for path in folder.glob("*.mdp.json"):
        if path.name not in names:
            path.unlink()
    for name, (pair, text) in pairs.items():
        witnesses.save(folder / name, pair, text)


def write(root: Path, entries: Sequence[Entry], findings: Sequence[mean_kl.Finding]) -> None:
    """Write the data, the page and the figure."""
    data = {
        "format": "tabular-trpo-atlas",
        "version": 1,
        "entries": [one.to_dict() for one in entries],
        "mean_kl": [one.to_dict() for one in findings],
    }
    path = root / "tabular_trpo" / DATA
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    atlas_page.write(root / "docs", entries, findings)


if __name__ == "__main__":
    sys.exit(main())
