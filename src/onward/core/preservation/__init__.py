"""The measure: what of its sessions a handoff keeps, told by rules that the generator does not know.

It looks at the turns and at the finished document only, never at the facts the document was made from. A document tuned to its own
generator's facts keeps nearly all of *them* and still misses a fifth of what people ask for; so nothing here imports `core.extract` or
`core.compose`.
"""

from onward.core.preservation.collector import collect_references
from onward.core.preservation.measure import GroupScore, Loss, Preservation, measure
from onward.core.preservation.reference import GROUPS, Group, Reference, fold_references

__all__ = ["GROUPS", "Group", "GroupScore", "Loss", "Preservation", "Reference", "collect_references", "fold_references", "measure"]
