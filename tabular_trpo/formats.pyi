from tabular_trpo._formats.document import (
    Document as Document,
)
from tabular_trpo._formats.document import (
    from_document as from_document,
)
from tabular_trpo._formats.document import (
    load as load,
)
from tabular_trpo._formats.document import (
    read as read,
)
from tabular_trpo._formats.encode import dumps as dumps
from tabular_trpo._formats.encode import to_document as to_document
from tabular_trpo._formats.encode import write as write
from tabular_trpo._formats.gym import (
    from_gym as from_gym,
)
from tabular_trpo._formats.gym import (
    to_gym as to_gym,
)
from tabular_trpo._formats.gym_policy import (
    tabular_policy as tabular_policy,
)
