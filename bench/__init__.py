"""Measurements of the real bot against the sandbox: numbers to read, never a test; nothing here passes or fails."""
