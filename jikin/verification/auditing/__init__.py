"""An audit: the registry's events read again from the first to the last, and held against everything else there is."""
