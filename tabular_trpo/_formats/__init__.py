"""Floor 3.  Model files `*.mdp.json` and Gymnasium environments, read and written.

Files: no number is changed, and no file can hurt (docs/formats.md).  In the order of reading:

- `document`: the public readers, and the order in which a file is read
- `json_text`: bytes to JSON values; `limits`: what a file may hold at most
- `header`: keys, version, names; `numbers`: one number, one column, one row
- `transitions`, `distributions`: the parts of a model and its policies as arrays
- `model`: the model built and checked by core, whose problems get their place in the file
- `expected`: the values that were computed by hand
- `problems`, `line_numbers`: how a problem names its file, line and place
- `encode`: a model as a document, text and file; `atomic_write`: a file complete or not at all

Gymnasium: `gym` has both directions.  `gym_table` reads the table P, `gym_trust` decides whether
the steps of an environment follow it, `gym_check` tests that by playing, `gym_env` is a model as an
environment, and `gym_policy` the table of a trained agent.
"""
