"""The tasks of a campaign's workers: screen a chunk, judge the tightest pair of a statement."""

from tabular_trpo._app.campaign.sealed_lines import Record
from tabular_trpo._core.decimals import faithful
from tabular_trpo._core.errors import LimitError
from tabular_trpo._core.nearest import written
from tabular_trpo._falsify.screen import Batch, Plan, batch, screened, verdict_record
from tabular_trpo._formats.encode import to_document
from tabular_trpo._theory.judge import judge
from tabular_trpo._theory.selection import chosen


def chunk(plan: Plan, index: int) -> Record:
    """Screen a chunk and return its record, in which each violation has its model and policies."""
    record = screened(plan, index)
    refuted = [one for one in record["judged"] if one["status"] == "refuted"]
    if refuted:
        cases = batch(plan, index)
        record["violations"] = [
            {"statement": one["statement"], "case": one["case"], **document(cases, one["case"])}
            for one in refuted
        ]
    return record


def witness(plan: Plan, name: str, index: int, case: int) -> Record:
    """Judge a statement on one case of a chunk; return the record of the verdict and the pair."""
    cases = batch(plan, index)
    (theorem,) = chosen([name])
    verdict = judge(theorem, cases.pair(case))
    text = "" if verdict.tightness is None else faithful(verdict.tightness, 12)
    tightness = None if verdict.tightness is None else float(text)
    return {**verdict_record(verdict), "tightness": tightness, **document(cases, case)}


def document(cases: Batch, case: int) -> Record:
    """Return one case as exact text: alpha, and the model with the policies pi, target and pi_new.

    The model is a document of docs/formats.md, or None with the reason where it exceeds a limit.
    """
    pair = cases.pair(case)
    policies = {"pi": pair.pi, "target": pair.target, "pi_new": pair.pi_new}
    try:
        return {"alpha": written(pair.alpha), "model": to_document(pair.mdp, policies)}
    except LimitError as limit:
        return {"alpha": written(pair.alpha), "model": None, "reason": str(limit)}
