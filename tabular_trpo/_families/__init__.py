"""Floor 1: families of models, from a line of code to a model.

Read `arms` first: every named family is a short list of arms, which one function assembles.

- `arguments`: numbers and sizes as a user gives them, read and checked
- `arms`: a model as a sum of arms, each one outcome of one action for all states
- `chains`, `grids`, `queues`: named models with closed forms; public as `families.named`
- `random`: random models and policies, many at a time; public as `families.random`
- `worst_case`: models with pairs of policies at which bounds are attained; public as
  `families.worst_case`
"""
