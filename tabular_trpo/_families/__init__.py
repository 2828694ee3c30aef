"""Floor 1: families of models, each a function that returns a model or a pair of policies.

Read `arms` first: every named family is a short list of arms, which `assemble` sums to a model.

- `arguments`: reading and checking of numbers and sizes given by the user
- `arms`: models as sums of arms; an arm is one outcome of one action, for all states
- `chains`, `grids`, `queues`: named models with closed forms; public as `families.named`
- `random`: random models and policies, drawn in batches; public as `families.random`
- `worst_case`: models with pairs of policies at which bounds are attained; public as
  `families.worst_case`
"""
