"""Settings: what is read, what wins, and the one line that refuses."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from bot.config import load, variable
from bot.errors import ConfigError
from bot.settings import KEYS, Settings, expected

TOKEN = "123456789:AAsentinelSENTINELsentinelSENTINEL_-x"
EXAMPLE = Path(__file__).parents[2] / "config.example.toml"


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read no settings of the developer's own."""
    monkeypatch.chdir(tmp_path)


def _written(tmp_path: Path, text: str, mode: int = 0o600) -> Path:
    path = tmp_path / "some.toml"
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def _refusal(path: Path | None = None, env: dict[str, str] | None = None, *, need_token: bool = False) -> str:
    with pytest.raises(ConfigError) as caught:
        load(path, env or {}, need_token=need_token)
    line = str(caught.value)
    assert "\n" not in line
    return line


def test_defaults_need_no_file() -> None:
    """With no file and an empty environment every key has its default, and the database lies in data_dir."""
    settings = load(env={}, need_token=False)
    assert settings.data_dir == Path("data")
    assert settings.store.url == "sqlite+aiosqlite:///data/haechi.db"
    assert settings.web.address == ("127.0.0.1", 8080)
    assert (settings.limits.lanes, settings.limits.inflight, settings.limits.attempts) == (16, 1000, 5)
    assert settings.media.max_file_bytes == 20 * 1024 * 1024


def test_file_sets_keys(tmp_path: Path) -> None:
    """A file given by path is read, tables and top-level keys alike."""
    path = _written(tmp_path, 'data_dir = "/srv/h"\nmaintainers = [11]\n[web]\nlisten = "off"\n[limits]\nlanes = 4\n')
    settings = load(path, {}, need_token=False)
    assert settings.maintainers == (11,)
    assert settings.web.address is None
    assert settings.limits.lanes == 4
    assert settings.store.url == "sqlite+aiosqlite:////srv/h/haechi.db"


def test_config_toml_of_the_folder_is_the_default(tmp_path: Path) -> None:
    """Without a path, config.toml of the current folder is read if there is one."""
    (tmp_path / "config.toml").write_text("[limits]\nattempts = 9\n")
    assert load(env={}, need_token=False).limits.attempts == 9


def test_haechi_config_names_the_file(tmp_path: Path) -> None:
    """HAECHI_CONFIG names another file, and one that is not there is an error."""
    path = _written(tmp_path, "[limits]\nattempts = 7\n")
    assert load(env={"HAECHI_CONFIG": str(path)}, need_token=False).limits.attempts == 7
    assert "nowhere.toml: cannot be read: No such file" in _refusal(env={"HAECHI_CONFIG": "nowhere.toml"})


def test_environment_wins_over_the_file(tmp_path: Path) -> None:
    """Any key can be set by its variable, which wins; an empty variable counts as not set."""
    path = _written(tmp_path, "[media]\nimage_workers = 3\nvideo_workers = 3\n")
    env = {
        "HAECHI_MEDIA__IMAGE_WORKERS": "5",
        "HAECHI_MEDIA__VIDEO_WORKERS": "",
        "HAECHI_MEDIA__UNSAFE_DECODER": "true",
    }
    media = load(path, env, need_token=False).media
    assert (media.image_workers, media.video_workers, media.unsafe_decoder) == (5, 3, True)


@pytest.mark.parametrize("text", ["[11, 12]", "11,12", " 11, 12 ", "[11,12]"])
def test_maintainers_by_variable(text: str) -> None:
    """A list in a variable may be written with or without brackets."""
    assert load(env={"HAECHI_MAINTAINERS": text}, need_token=False).maintainers == (11, 12)


def test_every_key_has_a_variable() -> None:
    """Every key's own default, written into its variable, reads back as the default."""
    env = {
        variable(key): ",".join(map(str, info.default)) if isinstance(info.default, tuple) else str(info.default)
        for key, info in KEYS.items()
        if not isinstance(info.default, SecretStr)
    }
    assert load(env=env, need_token=False) == load(env={}, need_token=False)


def test_token_from_variable_file_and_secret_file(tmp_path: Path) -> None:
    """The token comes from the file, a secret file or the environment, the last named winning."""
    secret = tmp_path / "token"
    secret.write_text(f"{TOKEN}\n")
    secret.chmod(0o600)
    in_toml = _written(tmp_path, f'[telegram]\ntoken_file = "{secret}"\n')
    other = "987654321:BBsentinelSENTINELsentinelSENTINEL_-x"
    for path, env, token in [
        (None, {"HAECHI_TELEGRAM__TOKEN": TOKEN}, TOKEN),
        (None, {"HAECHI_TELEGRAM__TOKEN_FILE": str(secret)}, TOKEN),
        (in_toml, {}, TOKEN),
        (in_toml, {"HAECHI_TELEGRAM__TOKEN": other}, other),
    ]:
        assert load(path, env, need_token=True).telegram.token.get_secret_value() == token


def test_token_and_token_file_together_are_refused(tmp_path: Path) -> None:
    """Two tokens in one place are an error that names both and neither's value."""
    line = _refusal(env={"HAECHI_TELEGRAM__TOKEN": TOKEN, "HAECHI_TELEGRAM__TOKEN_FILE": str(tmp_path / "t")})
    assert "HAECHI_TELEGRAM__TOKEN)" in line
    assert "HAECHI_TELEGRAM__TOKEN_FILE" in line
    assert TOKEN not in line


def test_missing_token_names_the_demo() -> None:
    """Where a token is needed and missing, the line says how to set one and how to do without."""
    line = _refusal(need_token=True)
    assert "telegram.token is missing" in line
    assert "HAECHI_TELEGRAM__TOKEN_FILE" in line
    assert line.endswith("make demo")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[media]\nimage_wrokers = 2\n", "media.image_wrokers (in {path}): unknown key; the closest known key is medi"),
        ("[telegarm]\ntoken = 'x'\n", "telegarm (in {path}): unknown key; the closest known key is telegram."),
        ("token = 'x'\n", "the closest known key is telegram.token"),
        ("telegram = 3\n", "telegram (in {path}): expected a table, [telegram]"),
        ("[media]\nimage_workers = 'two'\n", "media.image_workers (in {path}): expected a whole number from 1 to 64"),
        ("[media]\nimage_workers = 0\n", "expected a whole number from 1 to 64"),
        ("[media]\nimage_workers = true\n", "expected a whole number from 1 to 64"),
        ("[media]\nimage_seconds = nan\n", "expected a number from 0.1 to 60"),
        ("[media.image_workers]\nx = 1\n", "media.image_workers (in {path}): expected a whole number"),
        ("maintainers = ['@somebody']\n", "maintainers (in {path}): expected a list of numeric user ids"),
        ("[log]\nlevel = 'loud'\n", "log.level (in {path}): expected one of debug, info, warning, error"),
        ("[web]\nlisten = '127.0.0.1:99999'\n", "web.listen (in {path}): expected HOST:PORT"),
        ("[web]\nlisten = 8080\n", "web.listen (in {path}): expected HOST:PORT"),
        ("[telegram]\nbase_url = 'localhost'\n", "telegram.base_url (in {path}): expected an address"),
        ("[store]\nurl = 'mysql://x'\n", "store.url (in {path}): expected sqlite+aiosqlite:///PATH"),
        ("data_dir = 3\n", "data_dir (in {path}): expected the path of a folder"),
        ("a = 1\nb c = 2\n", "{path}: is not valid TOML: "),
    ],
)  # fmt: skip
def test_bad_files_get_one_clear_line(tmp_path: Path, text: str, says: str) -> None:
    """What is wrong in a file is named: key, file, expectation, the closest key, the line of broken TOML."""
    path = _written(tmp_path, text)
    assert says.format(path=path) in _refusal(path)


def test_broken_toml_names_its_line(tmp_path: Path) -> None:
    """The line of a syntax error is in the message."""
    assert "line 2" in _refusal(_written(tmp_path, "a = 1\nb c = 2\n"))


def test_unreadable_files_are_refused(tmp_path: Path) -> None:
    """A folder, a file that is not UTF-8 and a secret file that is missing or empty are each named."""
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe\x00")
    empty = tmp_path / "empty"
    empty.touch()
    assert "Is a directory" in _refusal(tmp_path)
    assert "binary.toml: is not UTF-8 text" in _refusal(binary)
    assert "No such file" in _refusal(env={"HAECHI_TELEGRAM__TOKEN_FILE": str(tmp_path / "gone")})
    assert "is not UTF-8 text" in _refusal(env={"HAECHI_TELEGRAM__TOKEN_FILE": str(binary)})
    assert "is empty" in _refusal(env={"HAECHI_TELEGRAM__TOKEN_FILE": str(empty)})


def test_bad_variables_get_one_clear_line() -> None:
    """An unknown or ill-typed variable is named as it was written."""
    assert _refusal(env={"HAECHI_MEDIA__IMAGE_WROKERS": "2"}).endswith("HAECHI_MEDIA__IMAGE_WORKERS")
    assert _refusal(env={"HAECHI_TOKEN": TOKEN}).endswith("HAECHI_TELEGRAM__TOKEN")
    assert "(in HAECHI_LIMITS__LANES): expected a whole number" in _refusal(env={"HAECHI_LIMITS__LANES": "many"})


def test_reserved_variables_are_not_keys() -> None:
    """HAECHI_REQUIRE belongs to the tests and is left alone, as is anything without the prefix."""
    assert load(env={"HAECHI_REQUIRE": "browser", "PATH": "/bin"}, need_token=False) == load(env={}, need_token=False)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_readable_secrets_are_refused_with_the_fix(tmp_path: Path, mode: int) -> None:
    """A file that holds the token or a database password must be its owner's alone; the line says chmod 600."""
    for text in (f'[telegram]\ntoken = "{TOKEN}"\n', '[store]\nurl = "postgresql+asyncpg://h:pw@db/h"\n'):
        path = _written(tmp_path, text, mode)
        assert _refusal(path).endswith(f"run: chmod 600 {path}")
    load(_written(tmp_path, '[telegram]\ntoken = ""\n', mode), {}, need_token=False)


@pytest.mark.parametrize("mode", [0o644, 0o440, 0o604])
def test_a_readable_token_file_is_refused_with_the_fix(tmp_path: Path, mode: int) -> None:
    """So must the file that `token_file` names, by whatever link; the line says chmod 600 and not the token."""
    secret, link = tmp_path / "token", tmp_path / "link"
    secret.write_text(TOKEN)
    secret.chmod(mode)
    link.symlink_to(secret)
    for path in (secret, link):
        line = _refusal(env={"HAECHI_TELEGRAM__TOKEN_FILE": str(path)})
        assert line.endswith(f"run: chmod 600 {path}")
        assert TOKEN not in line
    secret.chmod(0o400)
    assert load(env={"HAECHI_TELEGRAM__TOKEN_FILE": str(link)}, need_token=True)


def test_a_config_file_is_judged_by_what_it_links_to(tmp_path: Path) -> None:
    """A link to a readable file with the token in it is refused; to a private one it is read."""
    target, link = _written(tmp_path, f'[telegram]\ntoken = "{TOKEN}"\n', 0o640), tmp_path / "link.toml"
    link.symlink_to(target)
    assert _refusal(link).endswith(f"run: chmod 600 {link}")
    target.chmod(0o600)
    assert load(link, {}, need_token=True)


def test_a_credential_of_systemd_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Systemd lets the service in by an access list that shows as the group's right, in a folder of the service's."""
    secret = tmp_path / "token"
    secret.write_text(TOKEN)
    secret.chmod(0o440)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert load(env={"HAECHI_TELEGRAM__TOKEN_FILE": str(secret)}, need_token=True)


def test_no_error_shows_the_token(tmp_path: Path) -> None:
    """Whatever is wrong around it, the token's value is in no error."""
    for text in (
        f'[telegram]\ntokn = "{TOKEN}"\n',
        f'[telegram]\ntoken = ["{TOKEN}"]\n',
        f'[telegram]\ntoken = "{TOKEN}!"\n',
        f'[telegram]\nbase_url = "{TOKEN}"\n',
        f'[telegram]\npoll_seconds = "{TOKEN}"\n',
        f'"{TOKEN}" = 1\n',
        f"[telegram]\ntoken = {TOKEN}\n",
        f'maintainers = ["{TOKEN}"]\n',
    ):
        assert TOKEN.partition(":")[2] not in _refusal(_written(tmp_path, text))
    secret = tmp_path / "token"
    secret.write_text(f"token={TOKEN}")
    secret.chmod(0o600)
    assert TOKEN not in _refusal(env={"HAECHI_TELEGRAM__TOKEN_FILE": str(secret)})


def test_settings_are_frozen_and_mute() -> None:
    """Settings cannot be changed, and neither repr nor str shows the token or a database password."""
    env = {"HAECHI_TELEGRAM__TOKEN": TOKEN, "HAECHI_STORE__URL": "postgresql+asyncpg://h:sesame@db/h"}
    settings = load(env=env, need_token=True)
    with pytest.raises(ValidationError):
        settings.telegram.token = SecretStr("1:x")  # type: ignore[misc]
    with pytest.raises(ValidationError):
        settings.limits.lanes = 1  # type: ignore[misc]
    shown = f"{settings!r} {settings}"
    assert TOKEN not in shown
    assert "sesame" not in shown


def test_built_directly_settings_read_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings() takes its arguments and the defaults, never the environment."""
    monkeypatch.setenv("HAECHI_LIMITS__LANES", "3")
    monkeypatch.setenv("LIMITS", "{}")
    assert Settings(data_dir=Path("/x")).limits.lanes == 16


def test_example_is_the_defaults() -> None:
    """config.example.toml sets every key to its default, each under a comment that is the key's description."""
    text = EXAMPLE.read_text(encoding="utf-8")
    document = tomllib.loads(text)
    flat = {
        f"{name}.{key}" if isinstance(value, dict) else name: None
        for name, value in document.items()
        for key in (value if isinstance(value, dict) else [""])
    }
    assert list(flat) == list(KEYS)
    assert load(EXAMPLE, {}, need_token=False) == load(env={}, need_token=False)
    comments = re.findall(r"^# (.+)\n(\w+) = ", text, re.MULTILINE)
    assert comments == [(info.description, key.rpartition(".")[2]) for key, info in KEYS.items()]


def test_every_key_says_what_it_expects() -> None:
    """Every key has a description and words for its error."""
    for key, info in KEYS.items():
        assert info.description, key
        assert expected(key), key
