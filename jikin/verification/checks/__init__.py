"""The questions of a verification, one module each: pure functions from a case to what there is to say.

A check says codes, details and facts. Outcomes follow from the codes and weights from the policy, both outside.
"""
