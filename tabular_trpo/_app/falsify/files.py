"""The files of a hunt: a counterexample with its certificate, or the tightest witness."""

import json
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, final

from tabular_trpo import check
from tabular_trpo._app.falsify.claim_file import Stated
from tabular_trpo._app.shared.files import SUFFIX, make_folder, save
from tabular_trpo._core.errors import TabularError
from tabular_trpo._core.records import locked
from tabular_trpo._falsify.result import Refutation, Unrefuted
from tabular_trpo._formats.expected import SCALARS, VECTORS
from tabular_trpo._formats.save import write
from tabular_trpo._theory.claim import Theorem
from tabular_trpo._theory.pair import Pair

LONGEST = 60  # characters of a title in the name of a file
OF_MIXTURES = ("alpha", "eps_target", "A_bar_target")
EXPECTED = (
    "eta", "eta_new", "L", "eps", "eps_cpi", "max_tv", "mean_tv", "alpha", "eps_target",
    "V", "V_new", "rho", "rho_new", "A_bar",
)  # fmt: skip


@final
@locked
@dataclass(frozen=True, slots=True)
class Files:
    """What was written, what is wrong with the certificate (nothing, unless this program is), and
    the error of what could not be written.
    """

    model: str | None = None
    certificate: str | None = None
    wrong: str = ""
    unwritten: TabularError | None = None


def stems(stated: Iterable[Stated]) -> dict[int, str]:
    """Return {id of the claim: start of its file names}, different for different claims.

    >>> from tabular_trpo._theory.statements.coupling import trpo_bound
    >>> list(stems([Stated(trpo_bound, "trpo_bound")]).values())
    ['trpo_bound']
    """
    found: dict[int, str] = {}
    for one in stated:
        plain = unicodedata.normalize("NFKD", one.claim.name).encode("ascii", "ignore").decode()
        words = re.sub("[^A-Za-z0-9._]+", "-", plain).strip("._-")[:LONGEST].rstrip("._-")
        stem, number = words or "claim", 1
        while stem.lower() in {x.lower() for x in found.values()}:
            number += 1
            stem = f"{words or 'claim'}-{number}"
        found[id(one.claim)] = stem
    return found


def keep(found: Refutation | Unrefuted, stem: str, folder: Path) -> Files:
    """Write the pair of an answer with its policies, and its certificate if it has one.

    What cannot be written is told by `unwritten`, for the answer must not be lost by it.
    """
    pair = found.pair if isinstance(found, Refutation) else found.witness
    if pair is None:
        return Files()
    kind, what = "witness", "Tightest pair met for"
    if isinstance(found, Refutation):
        kind, what = "counterexample", "Refutes"
    try:
        path = _model(pair, found.claim, folder / f"{stem}.{kind}.mdp.json", what)
    except TabularError as error:
        return Files(unwritten=error)
    if isinstance(found, Unrefuted) or found.certificate is None:
        return Files(path)
    try:
        check.check(json.loads(json.dumps(found.certificate)))
    except check.CertificateError as error:
        return Files(path, wrong=str(error))
    try:
        certificate = save(folder, f"{stem}.counterexample{SUFFIX}", found.certificate)
    except TabularError as error:
        return Files(path, unwritten=error)
    return Files(path, str(certificate))


def _model(pair: Pair, claim: Theorem, path: Path, what: str) -> str:
    """Write the model of a rational pair with its policies, and what follows from them."""
    condition = "" if claim.condition is None else f" where {claim.condition}"
    why = f"{what} the claim {claim.name!r}: {claim.statement}{condition}"
    make_folder(path.parent, path)
    write(pair.mdp, path, pair.instance.policies(), why, _expected(pair))
    return str(path)


def _expected(pair: Pair) -> dict[str, Any]:
    block: dict[str, Any] = {"policy": "pi", "pair": ["pi", "pi_new"]}
    for name in EXPECTED:
        if name in OF_MIXTURES and not pair.is_mixture:
            continue
        value = getattr(pair, name)
        if name in SCALARS and isinstance(value, Fraction):
            block[name] = value
        elif name in VECTORS:
            block[name] = dict(zip(pair.mdp.state_names, value, strict=True))
    return block
