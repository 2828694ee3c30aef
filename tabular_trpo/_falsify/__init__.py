"""Floor 3: the search for counterexamples, and the screening of many pairs.

A claim says gap <= penalty for every model and two policies.  The search maximises gap / penalty in
doubles; exact arithmetic decides.  A *pair* is a model with two policies, pi and pi_new; a *case*
is one pair in a batch of doubles (`theory.plain`).  Read in this order:

- `search`: the search from its arguments to its result, step by step; public as `tt.falsify`
- `arguments`: checks of the arguments, and the gamma that a precondition requires
- `result`: `Refutation` and `Unrefuted`
- `score`: gap / penalty of a batch
- `measure`: splits a claim into gap and penalty; `sums` expands it into terms, `quotient` clears
  denominators that vanish with the step, `kinds` classifies the terms
- `totals`: sums of terms on a batch; `conditions`: how far a precondition fails on a batch
- `rounding_artifacts`: rejects scores that rounding may have produced
- `draw`: random cases; `seeds`: first parents from the user's pairs and the worst-case families
- `climb`: an evolution strategy on a population of cases; `moves`: its mutations, some of which set
  rewards or policies to the optima of `closed_forms`
- `rational_readings`: rational pairs near a case; `shrink`: reduces the size of a counterexample
- `screen`: screens the pairs of a campaign, chunk by chunk; `worst_case_families`: random members
  of the worst-case families
- `atlas`: for each bound the pair found nearest to equality
"""
