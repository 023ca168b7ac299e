"""What tonight's rows touch: on a normal night only that is computed anew.

Records that can have to do with each other are linked (a lead with its contact, a call with its
number, …); whoever is reached from a new, changed or newly visible row, over any number of links,
is *affected*. All that the marts say of a record depends on records that it is linked with, so the
affected ones, computed by the same SQL as everything, are what a full rebuild would give.
"""

from orchestration.affected.baseline import forget_baseline, read_baseline, record_baseline
from orchestration.affected.basis import Basis, build_basis
from orchestration.affected.scope import Scope, is_as_it_was, plan_scope

__all__ = [
    "Basis",
    "Scope",
    "build_basis",
    "forget_baseline",
    "is_as_it_was",
    "plan_scope",
    "read_baseline",
    "record_baseline",
]
