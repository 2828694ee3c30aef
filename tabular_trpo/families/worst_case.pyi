from tabular_trpo._core.instance import Instance as Instance
from tabular_trpo._families.worst_case import (
    fork as fork,
)
from tabular_trpo._families.worst_case import (
    ladder as ladder,
)
from tabular_trpo._families.worst_case import (
    rare_region as rare_region,
)
from tabular_trpo._families.worst_case import (
    standard as standard,
)
from tabular_trpo._families.worst_case import (
    tight_cpi as tight_cpi,
)
from tabular_trpo._families.worst_case import (
    tight_thm1 as tight_thm1,
)
from tabular_trpo._families.worst_case import (
    two_region as two_region,
)
