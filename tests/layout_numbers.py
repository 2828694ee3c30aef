"""Layout rules about numbers: no float literals in formulas, guarded conversions elsewhere."""

import ast
from collections.abc import Iterator
from pathlib import PurePosixPath

PACKAGE = "tabular_trpo"
FORMULAE = tuple(
    f"{PACKAGE}/_theory/{f}" for f in ("statements/", "misquotations/", "constants.py")
)


def no_float_literal(path: PurePosixPath, source: str) -> Iterator[str]:
    """One text of the formulas serves every arithmetic: Fraction + 0.5 would be a float."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            if str(path).startswith(FORMULAE):
                yield f"float literal {node.value} in line {node.lineno}"


# What a formatted value or an argument of str() may be outside of app, whose commands lift Python's
# limit on digits: texts, paths, errors, shapes, indices and formulas, none of them an exact number.
TEXTS = {
    "claim.name", "env", "part", "d", "unknown[0]",
    "error", "i", "a", "s", "key", "arithmetic", "limit", "limit_met", "name", "path", "problem",
    "state", "text", "theorem.name", "weighting", "shape", "self.theta_shape", "batch + form",
    "side", "penalty", "right.args[0]", "self.statement.lhs", "self.statement.rhs",
    "self.condition", "VERSION", "rng.choice(GAMMAS)", "1 - Fraction(x)",
    "json.loads(token, strict=False)",
}  # fmt: skip
NUMBERS = {"alpha", "gamma", "lam", "delta", "elite", "value", "weight", "radius", "slack", "eta"}
DOUBLES = {  # modules that see doubles alone, and those that guard
    "check", "_core/grid", "_core/linalg/dense", "_core/linalg/sparse", "_core/nearest",
    "_core/readable", "_core/decimals",
    "_core/rounding", "_exact/evaluate", "_falsify/kinds", "_falsify/screen",
    "_falsify/rational_readings",
    "_improve/conjugate", "_improve/direction", "_improve/kl_multiplier", "_improve/kl_rows",
    "_improve/minorize", "_improve/mirror", "_improve/natural", "_improve/gain_bounds",
    "_improve/step",
    "_improve/trust_region", "_sampled/methods", "_sampled/simulator", "_theory/plain",
}  # fmt: skip


def guarded_conversions(path: PurePosixPath, source: str) -> Iterator[str]:
    """Exact numbers become doubles and text by `nearest`, `written`, `shown` and `brief` alone.

    `float` raises above the largest double, `str` and `repr` above 4300 digits.
    """
    module = str(PurePosixPath(*path.parts[1:])).removesuffix(".py")
    if path.parts[0] != PACKAGE or module in DOUBLES:
        return
    for node in ast.walk(ast.parse(source)):
        spoken = module.startswith("_app/") or module in (
            "_core/array_input",
            "_core/numbers",
            "_formats/problems",
        )
        if isinstance(node, ast.Call):
            yield from _converted(node, spoken)
        if isinstance(node, ast.FormattedValue) and not spoken:
            text = ast.unparse(node.value)
            if text in NUMBERS or (node.conversion == ord("r") and text not in TEXTS):
                yield f"{{{text}}} in line {node.lineno}"


def _converted(node: ast.Call, spoken: bool) -> Iterator[str]:
    called, given = ast.unparse(node.func), [ast.unparse(x) for x in node.args]
    if "float" in given and called not in ("isinstance", "issubclass", "number"):
        yield f"{called}(float) in line {node.lineno}"
    if len(given) == 1:
        literal = isinstance(node.args[0], ast.Constant | ast.JoinedStr) or given[0] == "text"
        if called == "float" and not literal:
            yield f"float({given[0]}) in line {node.lineno}"
        if called in ("str", "repr") and not spoken and not literal and given[0] not in TEXTS:
            yield f"{called}({given[0]}) in line {node.lineno}"
