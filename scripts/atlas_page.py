"""The tables and the figure of docs/atlas.md; the text around the tables is not generated."""

from collections.abc import Sequence
from io import BytesIO
from math import nan
from pathlib import Path

import numpy as np

from scripts.mean_kl import Finding
from tabular_trpo._core.decimals import faithful, fixed, truncated
from tabular_trpo._falsify.atlas import Entry
from tabular_trpo._formats.atomic_write import write_atomically
from tabular_trpo._theory.tightness import TIGHTNESS

NEAR = 1e-3  # ratios this close to 1 are printed in bold
PAGE, FIGURE = "atlas.md", "atlas.png"


def cell(one: Entry | None) -> str:
    """Return the ratio of an entry cut after four digits; "1" is written only for equality."""
    if one is None or one.ratio is None:
        return "-" if one is None or one.status == "vacuous" else one.status
    text = "1" if one.attained else truncated(one.ratio)
    return f"**{text}**" if one.ratio >= 1 - NEAR else text


def bounds_table(entries: Sequence[Entry]) -> str:
    """Return the table of ratios, with a row for each bound and a column for each gamma."""
    at = {(one.theorem, one.gamma): one for one in entries}
    names = list(dict.fromkeys(one.theorem for one in entries))
    gammas = sorted({one.gamma for one in entries})
    lines = [
        "| bound | " + " | ".join(faithful(g, 6) for g in gammas) + " | known |",
        "|---|" + "---|" * (len(gammas) + 1),
    ]
    for name in names:
        known = TIGHTNESS[name].words if name in TIGHTNESS else "open"
        cells = (cell(at.get((name, gamma))) for gamma in gammas)
        lines.append(f"| [`{name}`](theory.md#{name}) | {' | '.join(cells)} | {known} |")
    return "\n".join(lines)


def mean_kl_table(findings: Sequence[Finding]) -> str:
    """Return the table of findings on the mean KL, with a row for each gamma."""
    lines = [
        "| gamma | verdict | gap / (C mean_kl) | states | found by | ladders tend to | at most |",
        "|---|---|---|---|---|---|---|",
    ]
    for one in findings:
        verdict = "**refuted**" if one.status == "refuted" else "not refuted"
        ratio = truncated(one.ratio)
        numbers = f"{fixed(one.ladder)} | {fixed(one.proved)}"
        gamma = faithful(one.gamma, 6)
        lines.append(f"| {gamma} | {verdict} | {ratio} | {one.states} | {one.origin} | {numbers} |")
    return "\n".join(lines)


def between(text: str, name: str, body: str) -> str:
    """Return the text with `body` between the comments that mark the begin and end of `name`."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    head, rest = text.split(begin)
    return f"{head}{begin}\n\n{body}\n\n{end}{rest.split(end)[1]}"


def write(docs: Path, entries: Sequence[Entry], findings: Sequence[Finding]) -> None:
    """Write the tables into docs/atlas.md between their marks, and draw docs/atlas.png."""
    page = docs / PAGE
    text = between(page.read_text(encoding="utf-8"), "bounds", bounds_table(entries))
    write_atomically(page, between(text, "mean_kl", mean_kl_table(findings)))
    draw(docs / FIGURE, entries)


def draw(path: Path, entries: Sequence[Entry]) -> None:
    """Draw the ratios as a heat map, grey where a bound is vacuous."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    names = list(dict.fromkeys(one.theorem for one in entries))
    gammas = sorted({one.gamma for one in entries})
    ratios = np.full((len(names), len(gammas)), nan)
    attained = set()
    for one in entries:
        if one.ratio is not None:
            at = names.index(one.theorem), gammas.index(one.gamma)
            attained |= {at} if one.attained else set()
            ratios[at] = one.ratio
    figure, axes = plt.subplots(figsize=(7, 1.5 + 0.19 * len(names)), layout="constrained")
    axes.set_facecolor("lightgrey")
    image = axes.imshow(ratios, cmap="viridis", vmin=0, vmax=1, aspect="auto")
    axes.set_xticks(range(len(gammas)), [faithful(g, 6) for g in gammas])
    axes.set_yticks(range(len(names)), names, fontsize=7)
    axes.set_xlabel("gamma")
    axes.set_title("largest gap / penalty found; 1 is equality", fontsize=9)
    for (i, j), ratio in np.ndenumerate(ratios):
        if ratio == ratio:
            color = "black" if ratio > 0.6 else "white"
            label = "1" if (i, j) in attained else truncated(ratio, 2)
            axes.text(j, i, label, ha="center", va="center", fontsize=6, color=color)
    figure.colorbar(image, shrink=0.5)
    drawn = BytesIO()
    figure.savefig(drawn, format="png", dpi=62, metadata={"Software": None})
    write_atomically(path, drawn.getvalue())
    plt.close(figure)
