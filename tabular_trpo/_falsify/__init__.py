"""Floor 3: the search for counterexamples, and the screening of many pairs.

A claim says gap <= penalty for every model and two policies.  The search maximises gap / penalty in
doubles; exact arithmetic decides.  A *case* is one pair in a batch of doubles (`theory.plain`).
Read in this order:

- `hunt`: the search from its arguments to its result, step by step; public as `tt.falsify`
- `arguments`: checks of the arguments, and the gamma that a precondition requires
- `result`: `Refutation` and `Unrefuted`
- `score`: gap / penalty of a batch; `measure` finds both in a claim, from its terms (`sums`),
  without denominators that vanish (`quotient`), by the kinds of the terms (`kinds`); `totals` adds
  terms up, `conditions` measures preconditions, `rounding_artifacts` rejects scores that rounding
  makes
- `draw`: random cases; `seeds`: the first parents, given pairs and worst cases
- `climb`: a population of cases, changed by `moves`, some of them to the optima of `closed_forms`
- `rational_readings`: a case as nearby exact pairs; `shrink`: a counterexample made small
- `screen`: chunks of a campaign, with `worst_case_families`
- `atlas`: the pairs nearest to equality for each bound
"""
