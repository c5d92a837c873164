"""Who vouches for blocks, and who watches the registry: the log of checkpoints, its witnesses, and the watcher."""
