"""Renamed public names: the old ones work until version 1.0, with a DeprecationWarning.

Renamed arguments and attributes are marked where they are (`_core.deprecated`).
"""

RENAMED: dict[str, dict[str, str]] = {
    "tabular_trpo": {"LaneError": "ExactnessError", "VARIANTS": "MISQUOTATIONS"},
    "tabular_trpo.families.worst_case": {"WorstCase": "Instance"},
    "tabular_trpo.improve": {"optimality_gap": "duality_gap"},
}
