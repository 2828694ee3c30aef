"""`python -m scripts.atlas` (make atlas): the largest gap / penalty of each bound at each gamma.

The first pass searches each bound at each gamma.  The second pass searches again, starting from the
small witnesses of all bounds and gammas, and replaces the records whose ratio it raises.  Written
are tabular_trpo/_data/atlas.json, the witnesses in mdps/atlas, docs/atlas.png and the tables of
docs/atlas.md.  Each task is one bound at one gamma with a seed, so the output does not depend on
the number of workers.
"""

import argparse
import json
import sys
from collections.abc import Container, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from fractions import Fraction
from multiprocessing import get_context
from pathlib import Path

from scripts import atlas_page, mean_kl, witnesses
from tabular_trpo._core.decimals import fixed
from tabular_trpo._falsify.atlas import DATA, GAMMAS, Entry, entry, is_bound, read_again
from tabular_trpo._formats.atomic_write import write_atomically
from tabular_trpo._theory.pair import Pair
from tabular_trpo._theory.theorems import THEOREMS

ROOT = Path(__file__).parents[1]
FOLDER = Path("mdps", "atlas")
BOUNDS = tuple(t.name for t in THEOREMS if is_bound(t))
RAISED = 1e-4  # least relative increase of a ratio for which a witness is replaced
Place = tuple[str, Fraction]  # name of a bound or mean_kl.NAME, gamma
Task = tuple[Place, int, int, tuple[Pair, ...]]  # place, seed, rounds, first pairs of the search
Record = Entry | mean_kl.Finding
Results = dict[Place, tuple[Record, Pair | None]]


def solved(task: Task) -> tuple[Record, Pair | None]:
    """Return the record of one task, an entry or a finding on the mean KL, and its witness."""
    (name, gamma), seed, rounds, start = task
    if name == mean_kl.NAME:
        return mean_kl.finding(gamma, rounds, seed, mean_kl.MOST_LEVELS, start)
    theorem = next(t for t in THEOREMS if t.name == name)
    return entry(theorem, gamma, seed, rounds, start)


def run_pass(
    places: Sequence[Place], seed: int, rounds: int, start: tuple[Pair, ...], workers: int
) -> Results:
    """Return the record and the witness of each place; print a line of progress for each."""
    tasks = [(place, seed, rounds, start) for place in places]
    found: Results = {}
    for place, (one, pair) in zip(places, results(tasks, workers), strict=True):
        found[place] = one, pair
        line = f"{place[0]} {place[1]}: {one.status} {one.ratio}"
        print(f"{len(found)}/{len(places)} {line}", file=sys.stderr, flush=True)
    return found


def results(tasks: Sequence[Task], workers: int) -> Iterator[tuple[Record, Pair | None]]:
    """Yield the result of each task, in the order of the tasks."""
    if workers == 1:
        yield from map(solved, tasks)
        return
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        yield from pool.map(solved, tasks)


def improves(new: Record, old: Record) -> bool:
    """Return whether a new record should replace the old one of the same place."""
    if isinstance(new, Entry) and isinstance(old, Entry) and new.attained != old.attained:
        return new.attained
    after, before = new.ratio or 0.0, old.ratio or 0.0
    return new.status == "refuted" != old.status or after > before * (1 + RAISED)


def why(one: Record) -> str:
    """Return one sentence on why a witness is kept."""
    if not isinstance(one, Entry):
        return mean_kl.why(one)
    if one.status == "refuted":
        return f"Counterexample to {one.theorem} at gamma = {one.gamma}."
    if one.attained:
        return f"Attains the bound {one.theorem} at gamma = {one.gamma}."
    ratio = fixed(one.ratio or 0, 6)
    return f"Nearest to equality found for {one.theorem} at gamma = {one.gamma}: {ratio}."


def main(arguments: list[str] | None = None) -> int:
    """Make the atlas or a part of it; return 1 if a bound is refuted, else 0."""
    parser = argparse.ArgumentParser(prog="python -m scripts.atlas", description=__doc__)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument(
        "--rounds", type=int, default=600, help="rounds of each search of the first pass"
    )
    parser.add_argument(
        "--more",
        type=int,
        default=300,
        help="rounds of each search of the second pass; 0: no second pass",
    )
    parser.add_argument("--again", action="store_true", help="run only the second pass")
    parser.add_argument(
        "--page",
        action="store_true",
        help="no search: compute the records again from the stored witnesses",
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--root", type=Path, default=ROOT, help="the checkout to write into")
    parser.add_argument(
        "--bounds", nargs="+", help=f"make only these (or {mean_kl.NAME}) and keep the others"
    )
    options = parser.parse_args(arguments)
    names = [*BOUNDS, mean_kl.NAME]
    for name in options.bounds or ():
        if name not in names:
            parser.error(f"no bound is called {name!r}; bounds: {', '.join(names)}")
    if options.page:
        store(
            options.root,
            stored_records(options.root, ()),
            reread(options.root, options.bounds or names),
        )
        return 0
    if options.again and not options.more:
        parser.error("--again runs only the second pass, but --more is 0")
    chosen = options.bounds or names
    places = [(name, gamma) for name in BOUNDS if name in chosen for gamma in GAMMAS]
    if mean_kl.NAME in chosen:
        places += [(mean_kl.NAME, Fraction(text)) for text in (*mean_kl.BELOW, *mean_kl.ABOVE)]
    if not options.again:
        found = run_pass(places, options.seed, options.rounds, (), options.workers)
        store(options.root, stored_records(options.root, chosen), found)
    if options.more:
        start, old = witnesses.small(options.root / FOLDER), stored_records(options.root, ())
        found = run_pass(places, options.seed, options.more, start, options.workers)
        better = {k: x for k, x in found.items() if k not in old or improves(x[0], old[k])}
        store(options.root, old, better)
    return int(any(x.status == "refuted" for k, (x, _) in found.items() if k[0] in BOUNDS))


def stored_records(root: Path, names: Container[str]) -> dict[Place, Record]:
    """Return the records in the stored data, except those of the given names."""
    path = root / "tabular_trpo" / DATA
    if not path.exists():
        return {}
    data = json.loads(path.read_text(encoding="utf-8"))
    records: list[tuple[str, Record]] = [
        (x["theorem"], Entry.from_dict(x)) for x in data["entries"]
    ]
    records += [(mean_kl.NAME, mean_kl.Finding.from_dict(x)) for x in data["mean_kl"]]
    return {(name, one.gamma): one for name, one in records if name not in names}


def reread(root: Path, names: Container[str]) -> Results:
    """Return the stored records of the given names, computed again from their witnesses."""
    theorems = {t.name: t for t in THEOREMS}
    found: Results = {}
    for place, one in stored_records(root, ()).items():
        if one.witness is not None and place[0] in names:
            pair = witnesses.load(root / FOLDER / one.witness)
            if isinstance(one, Entry):
                found[place] = read_again(theorems[one.theorem], one, pair), pair
            else:
                found[place] = mean_kl.read_again(one, pair), pair
    return found


def store(root: Path, old: Mapping[Place, Record], new: Results) -> None:
    """Write all records and the new witnesses; delete witness files that no record names."""
    records = {**old, **{place: one for place, (one, _) in new.items()}}
    ordered = [records[place] for place in sorted(records, key=rank)]
    entries = [one for one in ordered if isinstance(one, Entry)]
    write(root, entries, [one for one in ordered if not isinstance(one, Entry)])
    names = {one.witness for one in ordered}
    for path in (root / FOLDER).glob("*.mdp.json"):
        if path.name not in names:
            path.unlink()
    for one, pair in new.values():
        if one.witness is not None and pair is not None:
            witnesses.save(root / FOLDER / one.witness, pair, why(one))


def rank(place: Place) -> tuple[int, Fraction]:
    """Return the sort key of a place: the position of its bound in the table, then gamma."""
    name, gamma = place
    return (*BOUNDS, mean_kl.NAME).index(name), gamma


def write(root: Path, entries: Sequence[Entry], findings: Sequence[mean_kl.Finding]) -> None:
    """Write atlas.json, the tables of docs/atlas.md and docs/atlas.png."""
    data = {
        "format": "tabular-trpo-atlas",
        "version": 1,
        "entries": [one.to_dict() for one in entries],
        "mean_kl": [one.to_dict() for one in findings],
    }
    path = root / "tabular_trpo" / DATA
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, json.dumps(data, indent=1, sort_keys=True) + "\n")
    atlas_page.write(root / "docs", entries, findings)


if __name__ == "__main__":
    sys.exit(main())
