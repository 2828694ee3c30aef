"""Misquotations of the statements on policy gradients, fits, smoothness and domination."""

from tabular_trpo._theory.fixtures import (
    TIGHT,
    TWO_REGION,
    arm,
    crossing,
    once,
    rare_gain,
    short_cut,
)
from tabular_trpo._theory.misquotations.edits import (
    Rows,
    exchanged,
    replaced,
    right,
    scaled,
    without,
)
from tabular_trpo._theory.statements.gradients import linearization_error
from tabular_trpo._theory.statements.mixtures import mismatch

_STATES = "sum_s(sum_a(pi))"
_SCORE = "((pi_new - pi)/pi)"
_NEW_WEIGHTS = replaced(f"pi*{_SCORE}", f"pi_new*{_SCORE}")
_CHANGE_IN_D = right("mean_d(sum_a((pi_new - pi)*Q))")

GRADIENTS: Rows = (
    ("policy_gradient_direct", "d in place of rho", _CHANGE_IN_D, TIGHT),
    ("policy_gradient_score", "weights of the new policy", _NEW_WEIGHTS, arm()),
    ("natural_gradient", "d in place of rho", scaled("1 - gamma"), TWO_REGION),
    ("natural_gradient", "plain gradient", replaced("natural", "rho*pi*A"), arm()),
    ("compatible_features", "not centred", replaced("w_fit - sum_a(pi*w_fit)", "w_fit"), once),
    ("compatible_features", "fit of the new policy", replaced("w_fit", "w_fit_new"), TWO_REGION),
    ("compatible_fit", "the other way", exchanged, TWO_REGION),
    ("compatible_fit", "weights of the table", replaced("w_fit_new", "natural"), crossing),
    ("lojasiewicz", "number of states missing", without(_STATES), rare_gain),
    ("lojasiewicz", "no shift of visits", without(mismatch), short_cut),
    (
        "softmax_smoothness",
        "without the gradient",
        replaced(linearization_error, "abs(eta_new - eta)"),
        arm("1", "1/2", "13/25", "0"),
    ),
    (
        "softmax_smoothness",
        "horizon missing",
        without("(1 - gamma)**3"),
        arm("1", "3/4", "1/2", "59/60"),
    ),
    ("softmax_smoothness", "constant 1/20", scaled("1/80"), arm("1", "3/4", "1/2", "0")),
)
