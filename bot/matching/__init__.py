"""Fingerprints against lists: index and matcher. Pure: no I/O, no database, no asyncio."""
