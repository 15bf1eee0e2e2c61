"""The wheel: what is in it, and that it runs without the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of the checkout, built with what is installed and no network."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("haechi-*-py3-none-any.whl")
    return built


@pytest.fixture(scope="module")
def unpacked(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel's content in a folder of its own."""
    folder = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def _tracked(*folders: str) -> set[str]:
    listed = subprocess.run(["git", "ls-files", "-z", *folders], cwd=ROOT, capture_output=True, check=False, text=True)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    return {name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()}


def _run(unpacked: Path, *arguments: str) -> str:
    """Run Python away from the checkout, with the wheel's content before anything else that is installed."""
    env = {**os.environ, "PYTHONPATH": str(unpacked)}
    done = subprocess.run(
        [sys.executable, "-P", *arguments], cwd=unpacked.parent, env=env, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_wheel_holds_both_packages_whole(unpacked: Path) -> None:
    """Every tracked file of `bot` and `handlers`, pages and catalogues too, is in the wheel."""
    packed = {str(path.relative_to(unpacked)) for path in unpacked.rglob("*") if path.is_file()}
    assert _tracked("bot", "handlers") - packed == set()


def test_wheel_holds_the_example_settings(unpacked: Path) -> None:
    """The example of the settings travels with the program."""
    packed = unpacked / "bot" / "config.example.toml"
    assert packed.read_bytes() == (ROOT / "config.example.toml").read_bytes()


def test_wheel_holds_nothing_else(unpacked: Path) -> None:
    """There are no tests, documents or settings in the wheel, and the licence is."""
    (metadata,) = unpacked.glob("haechi-*.dist-info")
    assert {path.name for path in unpacked.iterdir()} == {"bot", "handlers", metadata.name}
    assert {path.name for path in (metadata / "licenses").iterdir()} == {"LICENSE", "NOTICE"}
    assert "haechi = bot.cli:main" in (metadata / "entry_points.txt").read_text()


def test_wheel_owns_both_packages(unpacked: Path) -> None:
    """Imported from the wheel, `bot` and `handlers` are Haechi's and lie together."""
    program = (
        "import bot, handlers, importlib.metadata as m\n"
        "owners = m.packages_distributions()\n"
        "print(bot.__file__, handlers.__file__, *{*owners['bot'], *owners['handlers']}, sep='\\n')"
    )
    ours, theirs, owner = _run(unpacked, "-c", program).splitlines()
    assert Path(ours).parents[1] == Path(theirs).parents[1] == unpacked
    assert owner == "haechi"


def test_wheel_runs(unpacked: Path) -> None:
    """The program from the wheel lists its commands."""
    shown = _run(unpacked, "-m", "bot", "--help")
    assert "demo" in shown
    assert "run" in shown
