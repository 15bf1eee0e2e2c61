"""Tests of Haechi; each test's docstring is the promise it keeps."""
