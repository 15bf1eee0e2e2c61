"""How closely a decoder process looks at a file: the words that follow the format in a job."""

from __future__ import annotations

from typing import Final

PLAIN: Final = ""
"""A picture as a whole, a video by its key frames: next to nothing, and often enough."""

DENSE: Final = "dense"
"""All windows of a picture as well, and all frames of a video."""

EXACT: Final = "exact"
"""A picture as a whole, hashed to the last bit as the reference does: for a list."""

SURVEY: Final = "survey"
"""Said instead of a format: the grey pictures of an earlier look are to be cut into windows."""

REGISTER: Final = "register"
"""Said instead of a format: windows of a grey picture are to be registered."""

WITHOUT_FILE: Final = (SURVEY, REGISTER)
"""Those that begin the jobs in which nothing is decoded."""
