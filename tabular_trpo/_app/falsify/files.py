"""The files of `falsify`: a counterexample with its certificate, or the tightest witness."""

import json
import unicodedata
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any, final

from tabular_trpo import check
from tabular_trpo._app.falsify.claim_file import Stated
from tabular_trpo._app.shared.files import CERTIFICATE, make_folder, save, slug, unique
from tabular_trpo._core.errors import TabularError
from tabular_trpo._core.records import locked_dataclass
from tabular_trpo._falsify.result import Refutation, Unrefuted
from tabular_trpo._formats.encode import write
from tabular_trpo._formats.expected import SCALARS, VECTORS
from tabular_trpo._theory.claim import Theorem
from tabular_trpo._theory.pair import Pair
from tabular_trpo._theory.vocabulary import QUANTITIES

LONGEST = 60  # characters of a title in the name of a file
EXPECTED = (
    "eta", "eta_new", "L", "eps", "eps_cpi", "max_tv", "mean_tv", "alpha", "eps_target",
    "V", "V_new", "rho", "rho_new", "A_bar",
)  # fmt: skip


@final
@locked_dataclass(frozen=True)
class Files:
    """The files that were written for one claim, and the errors.

    model, certificate: paths, None for a file that was not written
    wrong:     why the certificate fails its check, which is an error of this program
    unwritten: the error of a file that could not be written
    """

    model: str | None = None
    certificate: str | None = None
    wrong: str = ""
    unwritten: TabularError | None = None


def stems(stated: Iterable[Stated]) -> dict[int, str]:
    """Return {id(claim): beginning of its file names}, different for different claims.

    >>> from tabular_trpo._theory.statements.coupling import trpo_bound
    >>> list(stems([Stated(trpo_bound, "trpo_bound")]).values())
    ['trpo_bound']
    """
    taken: set[str] = set()
    found: dict[int, str] = {}
    for one in stated:
        ascii_name = (
            unicodedata.normalize("NFKD", one.claim.name).encode("ascii", "ignore").decode()
        )
        stem = slug(ascii_name, "[^A-Za-z0-9._]", "-", LONGEST).rstrip("._-") or "claim"
        found[id(one.claim)] = unique(stem, taken)
    return found


def keep(found: Refutation | Unrefuted, stem: str, folder: Path) -> Files:
    """Write the pair of a result with its policies as a model file, and its certificate if any.

    A file that cannot be written is reported in `Files.unwritten` without an exception.
    """
    pair = found.pair if isinstance(found, Refutation) else found.witness
    if pair is None:
        return Files()
    kind, what = "witness", "Tightest pair found for"
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
        certificate = save(folder, f"{stem}.counterexample{CERTIFICATE}", found.certificate)
    except TabularError as error:
        return Files(path, unwritten=error)
    return Files(path, str(certificate))


def _model(pair: Pair, claim: Theorem, path: Path, what: str) -> str:
    """Write a rational pair as a model file with its policies and quantities; return the path."""
    condition = "" if claim.condition is None else f" where {claim.condition}"
    why = f"{what} the claim {claim.name!r}: {claim.statement}{condition}"
    make_folder(path.parent, path)
    write(pair.mdp, path, pair.instance.policies(), why, _expected(pair))
    return str(path)


def _expected(pair: Pair) -> dict[str, Any]:
    """Return the block `expected` of the model file: quantities of the pair by name."""
    block: dict[str, Any] = {"policy": "pi", "pair": ["pi", "pi_new"]}
    for name in EXPECTED:
        if QUANTITIES[name].mixture and not pair.is_mixture:
            continue
        value = getattr(pair, name)
        if name in SCALARS and isinstance(value, Fraction):
            block[name] = value
        elif name in VECTORS:
            block[name] = dict(zip(pair.mdp.state_names, value, strict=True))
    return block
