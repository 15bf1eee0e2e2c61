"""Reads the settings from `config.toml`, the environment and secret files. What may be set is in `settings`."""

from __future__ import annotations

import difflib
import os
import re
import stat
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from bot.errors import ConfigError
from bot.settings import KEYS, SECTIONS, Settings, expected

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["Settings", "load", "variable"]

PREFIX = "HAECHI_"
RESERVED = frozenset({"HAECHI_CONFIG", "HAECHI_REQUIRE"})  # read elsewhere: which file, which tests must run
DEFAULT_FILE = Path("config.toml")
SECRETS = ("telegram.token", "telegram.webhook_secret")  # each may be in a file that `<key>_file` names
OTHERS = stat.S_IRWXG | stat.S_IRWXO
"""What nobody but its owner may do with a file that holds a secret."""


def variable(key: str) -> str:
    """The environment variable that sets `key`: ``HAECHI_MEDIA__IMAGE_WORKERS`` for ``media.image_workers``."""
    return PREFIX + key.upper().replace(".", "__")


# --- reading -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Given:
    """A value somebody gave to a key, and where: a file's name or a variable's."""

    value: Any = field(repr=False)
    origin: str


Layer = dict[str, Given]


def load(path: Path | None = None, env: Mapping[str, str] | None = None, *, need_token: bool) -> Settings:
    """Read the settings: defaults, then `path`, then `env`; a later one wins.

    Without `path` the file is the one that ``HAECHI_CONFIG`` names, else `config.toml` if there is one.
    `env` is the process's environment unless given. Raises ConfigError, one line, at the first thing wrong.
    """
    env = os.environ if env is None else env
    file = _chosen(path, env)
    given: Layer = _from_file(file) if file else {}
    given |= _from_environment(env)
    settings = _settings(given)
    if need_token and not settings.telegram.token.get_secret_value():
        raise ConfigError(
            f"telegram.token is missing: set it in {file or DEFAULT_FILE} or by {variable('telegram.token')}, or name a"
            f" file by {variable('telegram.token_file')}; to try Haechi without a token, run: make demo"
        )
    _check_webhook(settings)
    return settings


def _check_webhook(settings: Settings) -> None:
    telegram = settings.telegram
    if telegram.webhook_url and not telegram.webhook_secret.get_secret_value():
        raise ConfigError(
            "telegram.webhook_url needs telegram.webhook_secret, else anybody may pose as Telegram;"
            " make one: openssl rand -hex 32"
        )
    if telegram.webhook_url and settings.web.address is None:
        raise ConfigError('telegram.webhook_url needs web.listen: with "off" nobody listens to Telegram')


def _chosen(path: Path | None, env: Mapping[str, str]) -> Path | None:
    if path is not None:
        return path
    if named := env.get("HAECHI_CONFIG"):
        return Path(named)
    return DEFAULT_FILE if DEFAULT_FILE.exists() else None


def _from_file(path: Path) -> Layer:
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            document = tomllib.load(file)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: is not UTF-8 text, as TOML must be") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: is not valid TOML: {error}") from None
    layer = {key: Given(value, str(path)) for key, value in _flat(document, path)}
    if _secret(layer) and mode & OTHERS:
        raise ConfigError(f"{path}: holds a secret, yet others than its owner may read it; run: chmod 600 {path}")
    return _opened(layer)


def _flat(document: dict[str, Any], path: Path) -> Iterator[tuple[str, Any]]:
    for name, value in document.items():
        if name in SECTIONS and not isinstance(value, dict):
            raise ConfigError(f"{name} (in {path}): expected a table, [{name}]")
        inner = {f"{name}.{key}": each for key, each in value.items()} if name in SECTIONS else {name: value}
        for key, each in inner.items():
            if key not in KEYS:
                raise ConfigError(f"{_shown(key)} (in {path}): unknown key; the closest known key is {_closest(key)}")
            yield key, each


def _from_environment(env: Mapping[str, str]) -> Layer:
    known = {variable(key): key for key in KEYS}
    layer: Layer = {}
    for name, text in env.items():
        if not name.startswith(PREFIX) or name in RESERVED:
            continue
        if name not in known:
            wanted = _closest(name.removeprefix(PREFIX).lower().replace("__", "."))
            raise ConfigError(f"{name} (in the environment): unknown key; the closest known key is {variable(wanted)}")
        if text:  # an empty variable is how compose files say "not set"
            layer[known[name]] = Given(text, name)
    return _opened(layer)


def _secret(layer: Layer) -> bool:
    """Whether the layer itself holds the token, or a database password."""
    url = layer.get("store.url")
    has_password = url is not None and re.search(r"//[^/@]*:[^/@]+@", str(url.value)) is not None
    return has_password or any(key in layer and bool(layer[key].value) for key in SECRETS)


def _opened(layer: Layer) -> Layer:
    """The layer with the secrets that are in files of their own, such as the one that `telegram.token_file` names."""
    for key in SECRETS:
        named, plain = layer.get(f"{key}_file"), layer.get(key)
        if named is None or not isinstance(named.value, str) or not named.value:
            continue
        if plain is not None and plain.value:
            raise ConfigError(f"{key} ({plain.origin}) and {key}_file ({named.origin}): keep one of the two")
        layer = layer | {key: _secret_in(named, key)}
    return layer


def _secret_in(named: Given, key: str) -> Given:
    path = Path(named.value).expanduser()
    try:
        with path.open(encoding="utf-8") as file:
            mode = os.fstat(file.fileno()).st_mode  # of what was opened: a link's own mode says nothing
            text = file.read().strip()
    except OSError as error:
        raise ConfigError(f"{key}_file ({named.origin}): {named.value} cannot be read: {error.strerror}") from None
    except ValueError:
        raise ConfigError(f"{key}_file ({named.origin}): {named.value} is not UTF-8 text") from None
    if not text:
        raise ConfigError(
            f"{key}_file ({named.origin}): {named.value} is empty; expected the {key[-6:].strip('._')} in it"
        )
    if mode & OTHERS and not _is_credential(path):
        raise ConfigError(f"{key}_file ({named.origin}): others than its owner may read {path}; run: chmod 600 {path}")
    return Given(text, named.value)


def _is_credential(path: Path) -> bool:
    """Whether systemd handed the file over: it lets the service in by a list that looks like the group's right."""
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    return bool(folder) and path.absolute().parent == Path(str(folder))


# --- refusing ------------------------------------------------------------------------------------


def _settings(given: Layer) -> Settings:
    values: dict[str, Any] = {}
    for key, each in given.items():
        section, _, name = key.rpartition(".")
        (values.setdefault(section, {}) if section else values)[name] = each.value
    try:
        return Settings(**values)
    except ValidationError as error:
        where = error.errors(include_input=False, include_url=False, include_context=False)[0]["loc"]
    key = next(key for key in (".".join(map(str, where[:2])), str(where[0])) if key in KEYS)
    raise ConfigError(f"{key} (in {given[key].origin}): expected {expected(key)}")


def _shown(key: str) -> str:
    """The key as it stands in the file, unless it is something else, such as a token in the wrong place."""
    return key if re.fullmatch(r"[\w.-]{1,80}", key) else "something"


def _closest(key: str) -> str:
    """The known key most like `key`, by its whole name or by its last part."""

    def likeness(known: str) -> float:
        whole = difflib.SequenceMatcher(None, key, known).ratio()
        last = difflib.SequenceMatcher(None, key.rpartition(".")[2], known.rpartition(".")[2]).ratio()
        return max(whole, 0.9 * last)

    return max(KEYS, key=likeness)
