"""Untrusted bytes to fingerprints, in processes that can be killed. No matching lives here."""
