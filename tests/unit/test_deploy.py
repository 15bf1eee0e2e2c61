"""The image and the unit: what docs/OPERATING.md says of them stands in them."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest

from bot.settings import KEYS

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "deploy" / "haechi.service"
DOCKERFILE = re.sub(r"\\\n", " ", (ROOT / "Dockerfile").read_text(encoding="utf-8"))
COMPOSE = (ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8")
OPERATING = (ROOT / "docs" / "OPERATING.md").read_text(encoding="utf-8")

LANDLOCK = {"landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self"}


def _steps() -> list[list[tuple[str, str]]]:
    """The Dockerfile's instructions, stage by stage."""
    lines = [line.strip() for line in DOCKERFILE.splitlines() if line.strip() and not line.startswith("#")]
    steps = [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in lines)]
    starts = [place for place, (word, _) in enumerate(steps) if word == "FROM"]
    return [steps[first:last] for first, last in zip(starts, [*starts[1:], len(steps)], strict=True)]


def _unit() -> dict[str, list[str]]:
    values = defaultdict(list)
    for line in UNIT.read_text(encoding="utf-8").splitlines():
        if "=" in line and not line.startswith("#"):
            name, _, value = line.partition("=")
            values[name].append(value)
    return values


# --- the image -----------------------------------------------------------------------------------


def test_image_starts_from_a_version_and_ends_as_nobody() -> None:
    """No stage follows a moving `latest`; what runs is a user without a shell or rights, on its own folder."""
    base = re.search(r"^ARG PYTHON=(\S+)$", DOCKERFILE, re.MULTILINE)
    assert base is not None
    assert re.fullmatch(r"python:3\.\d+(\.\d+)?-slim-\w+", base.group(1))
    assert [stage[0][1] for stage in _steps()] == ["${PYTHON} AS build", "${PYTHON}"]
    last = dict(_steps()[-1])
    assert last["USER"] == "10001:10001"
    assert [word for word, _ in _steps()[-1]].index("USER") > [word for word, _ in _steps()[-1]].index("RUN")
    assert "/usr/sbin/nologin" in last["RUN"]
    assert last["VOLUME"] == last["WORKDIR"] == "/var/lib/haechi"
    assert (last["ENTRYPOINT"], last["CMD"]) == ('["haechi"]', '["run"]')


def test_image_takes_only_what_a_hash_vouches_for() -> None:
    """Every package comes from a lock by hash, as a wheel, or from no index at all; no address is named."""
    installs = re.findall(r"pip(?: --python \S+)? install (.*?)(?=&&|$)", " ".join(DOCKERFILE.splitlines()))
    assert len(installs) == 3
    for one in installs:
        assert "--no-deps" in one
        assert "--no-index" in one or all(flag in one for flag in ("--require-hashes", "--only-binary :all:"))
    assert "://" not in DOCKERFILE.replace("'http://' + os.environ['HAECHI_WEB__LISTEN']", "")
    assert not re.search(r"apt-get|curl|wget|ADD ", DOCKERFILE)


def test_image_holds_no_secret_and_no_data() -> None:
    """What is copied in is named file by file; the token comes at run time, by a file."""
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert ignored[1] == "*"
    allowed = {line[1:] for line in ignored if line.startswith("!")}
    copied = {name for word, rest in _steps()[0] if word == "COPY" for name in rest.split()[:-1]}
    assert copied == allowed
    assert all((ROOT / name).exists() for name in allowed)
    assert not re.search(r"TOKEN", DOCKERFILE)


def test_image_says_how_it_is() -> None:
    """The health check asks /healthz where the environment says, with what is in the image anyway."""
    check = dict(_steps()[-1])["HEALTHCHECK"]
    assert "/healthz" in check
    assert "HAECHI_WEB__LISTEN" in check
    listen = re.search(r"HAECHI_WEB__LISTEN=(\S+)", DOCKERFILE)
    assert listen is not None
    assert listen.group(1) == "127.0.0.1:8080"


def test_composed_container_can_do_nothing_but_its_work() -> None:
    """Read-only root, memory for the rest, no capability, no new privilege, bounds on processes and memory."""
    for line in (
        "read_only: true",
        "cap_drop:\n      - ALL",
        "- no-new-privileges:true",
        'user: "10001:10001"',
        "- /tmp:size=64m,mode=1777,noexec,nosuid,nodev",
        "pids_limit: ",
        "mem_limit: ",
        "HAECHI_TELEGRAM__TOKEN_FILE: /run/secrets/token",
        "haechi:/var/lib/haechi",
    ):
        assert line in COMPOSE
    assert not re.search(r"privileged|seccomp[=:]unconfined|cap_add|network_mode|docker\.sock|ports:", COMPOSE)
    for word in ("read_only", "cap_drop", "no-new-privileges", "tmpfs", "seccomp"):
        assert word in OPERATING


# --- the unit ------------------------------------------------------------------------------------


def test_unit_runs_the_bot_hardened() -> None:
    """A user of its own, a read-only system, one folder, no privilege, no capability, three kinds of sockets."""
    unit = _unit()
    for name, value in {
        "Type": "notify",
        "DynamicUser": "yes",
        "StateDirectory": "haechi",
        "StateDirectoryMode": "0700",
        "UMask": "0077",
        "NoNewPrivileges": "yes",
        "CapabilityBoundingSet": "",
        "ProtectSystem": "strict",
        "ProtectHome": "yes",
        "PrivateTmp": "yes",
        "PrivateDevices": "yes",
        "RestrictAddressFamilies": "AF_INET AF_INET6 AF_UNIX",
        "RestrictNamespaces": "yes",
        "MemoryDenyWriteExecute": "yes",
        "OOMPolicy": "continue",
    }.items():
        assert unit[name] == [value], name
    assert unit["LoadCredential"] == ["token:/etc/haechi/token"]
    given = dict(one.split("=", 1) for one in unit["Environment"])
    assert given == {"HAECHI_DATA_DIR": "%S/haechi", "HAECHI_TELEGRAM__TOKEN_FILE": "%d/token"}
    assert {name.removeprefix("HAECHI_").lower().replace("__", ".") for name in given} <= set(KEYS)
    assert int(unit["WatchdogSec"][0]) >= 30
    assert int(unit["TimeoutStopSec"][0]) > 10
    assert unit["ExecStart"] == ["/opt/haechi/bin/haechi run --config /etc/haechi/config.toml"]


def test_unit_leaves_decoders_their_own_locks() -> None:
    """The unit's filter lets the calls through by which decoders lock themselves down."""
    allowed = set(_unit()["SystemCallFilter"][0].split())
    assert LANDLOCK | {"seccomp", "@system-service"} == allowed


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_unit_is_valid_to_systemd_itself(tmp_path: Path) -> None:
    """Every line is known to systemd, and it counts little that the unit could still do."""
    here = tmp_path / "haechi.service"
    here.write_text(UNIT.read_text(encoding="utf-8").replace("/opt/haechi/bin/haechi", "/bin/true"), encoding="utf-8")
    done = subprocess.run(["systemd-analyze", "verify", str(here)], capture_output=True, text=True, check=False)
    assert "haechi.service" not in done.stdout + done.stderr
    assert done.returncode == 0
    rated = ["systemd-analyze", "security", "--offline=yes", "--threshold=20", str(here)]
    assert subprocess.run(rated, capture_output=True, check=False).returncode == 0
