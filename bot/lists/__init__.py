"""List files and exchanges: reading, writing, keeping in step. The entries themselves are in the store."""
