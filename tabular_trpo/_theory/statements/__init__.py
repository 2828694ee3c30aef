"""The statements of the table, one module for each topic; a statement is a `Theorem`.

A statement is one decorated function: its docstring says what holds, its body is the formula, and
the decorator has the equation, the source and the precondition.  The other functions are parts of
formulas.  `theorems` collects the statements of a module in the order of their definition.

identities   the performance difference and the surrogate, as equations
divergences  inequalities between divergences of rows
coupling     Theorem 1 of TRPO and the steps of its proof
mixtures     conservative mixtures
constrained  bounds by mean steps and spans
mean_kl      bounds by KL divergences
gradients    policy gradients, natural gradients, compatible features
monotone     steps that lower the value of no state
models       errors of models and advantages; soft values
horizon      a finite horizon
average      average rewards
"""
