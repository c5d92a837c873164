"""Since when: what is anchored (statements, trees, receipts) and where (the registry, in memory and on an EVM chain).

Nothing here imports a library for chains but the modules called ``evm*``: verifying offline must not load one.
"""
