"""Every setting with its default, bounds and description, as one frozen value. Nothing here reads a file or acts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args, get_origin
from urllib.parse import urlsplit

from annotated_types import Ge, Le
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic.fields import FieldInfo

# --- kinds of value ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Expected:
    """What a value should look like, in the words of the error that refuses another."""

    text: str


def _number(value: Any) -> Any:
    if isinstance(value, bool):  # to Python, and so to pydantic, True is 1
        raise ValueError("a truth value is not a number")  # noqa: TRY004 - pydantic turns ValueError into its own
    return value


def _ids(value: Any) -> Any:
    """Take ``11,12`` as an environment would have it, besides a list."""
    if not isinstance(value, str):
        return value
    return [part.strip() for part in value.strip("[] ").split(",") if part.strip()]


def _matching(pattern: str) -> AfterValidator:
    def check(value: str) -> str:
        if not re.fullmatch(pattern, value, re.ASCII):
            raise ValueError("another form was expected")
        return value

    return AfterValidator(check)


def _token(value: SecretStr) -> SecretStr:
    if not re.fullmatch(r"(\d+:[\w-]+)?", value.get_secret_value(), re.ASCII):
        raise ValueError("another form was expected")
    return value


def _webhook_secret(value: SecretStr) -> SecretStr:
    if not re.fullmatch(r"([\w-]{16,256})?", value.get_secret_value(), re.ASCII):  # Telegram's own alphabet and limit
        raise ValueError("another form was expected")
    return value


def _listen(value: str) -> str:
    if value != "off" and int(value.rpartition(":")[2]) > 65535:  # noqa: PLR2004 - the highest TCP port
        raise ValueError("no such port")
    return value


Whole = Annotated[int, BeforeValidator(_number)]
Seconds = Annotated[float, BeforeValidator(_number)]
Hours = Seconds
Days = Seconds
Ids = Annotated[
    tuple[Annotated[int, BeforeValidator(_number), Field(ge=1)], ...],
    BeforeValidator(_ids),
    Expected("a list of numeric user ids, like [11, 12]"),
]
Folder = Annotated[Path, AfterValidator(Path.expanduser), Expected("the path of a folder")]
Token = Annotated[SecretStr, AfterValidator(_token), Expected("the token that @BotFather gave, like 123456:ABC…")]
WebhookUrl = Annotated[
    str,
    _matching(r"(|https?://[^\s/?#]+(?!/(healthz|readyz|metrics)$)(/[\w./~-]*)?)"),
    Expected("an address like https://bot.example.org/telegram, other than health's, or nothing"),
]
WebhookSecret = Annotated[
    SecretStr, AfterValidator(_webhook_secret), Expected("16 to 256 letters, digits, - and _, or nothing")
]
Contact = Annotated[str, Field(max_length=200), Expected("a line of at most 200 characters")]
BaseUrl = Annotated[
    str, _matching(r"https?://[^\s/]+(/\S*)?"), Expected("an address that starts with https:// or http://")
]
StoreUrl = Annotated[
    str,
    _matching(r"(|sqlite\+aiosqlite:///.+|postgresql\+asyncpg://\S+)"),
    Expected("sqlite+aiosqlite:///PATH, or nothing"),
]
Listen = Annotated[
    str,
    _matching(r"off|(\[[\da-fA-F:]+\]|[^\s:]+):\d{1,5}"),
    AfterValidator(_listen),
    Expected('HOST:PORT, like "127.0.0.1:8080", or "off"'),
]

# --- the settings --------------------------------------------------------------------------------


class Section(BaseModel):
    """One table of `config.toml`."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


class Telegram(Section):
    """How Telegram is reached."""

    token: Token = Field(
        SecretStr(""), description="The bot's token; keep this file private (chmod 600) when it is here."
    )
    token_file: Annotated[str, Expected("the path of a file")] = Field(
        "", description="A file that holds the token instead, such as a Docker or systemd secret."
    )
    base_url: BaseUrl = Field("https://api.telegram.org/bot", description="Where the Bot API answers.")
    base_file_url: BaseUrl = Field("https://api.telegram.org/file/bot", description="Where the Bot API serves files.")
    poll_seconds: Whole = Field(25, ge=0, le=50, description="How long one poll waits for news.")
    webhook_url: WebhookUrl = Field(
        "",
        description="Where Telegram is to deliver updates, an address that leads to web.listen; empty means polling.",
    )
    webhook_secret: WebhookSecret = Field(
        SecretStr(""),
        description="What Telegram proves itself by at the webhook: 32 random letters and digits or more.",
    )
    webhook_secret_file: Annotated[str, Expected("the path of a file")] = Field(
        "", description="A file that holds that secret instead."
    )

    @property
    def webhook_path(self) -> str:
        """The path that the webhook is served under."""
        return urlsplit(self.webhook_url).path or "/"


class Store(Section):
    """Where Haechi remembers."""

    url: StoreUrl = Field("", repr=False, description="The database; empty means haechi.db in data_dir.")
    busy_seconds: Seconds = Field(
        30, ge=0.1, le=3600, description="How long a locked or full database is tried again before the bot stops."
    )


class Web(Section):
    """What Haechi serves over HTTP."""

    listen: Listen = Field("127.0.0.1:8080", description='Where health and metrics are served; "off" serves nothing.')

    @property
    def address(self) -> tuple[str, int] | None:
        """Host and port to listen on, or None when nothing is served."""
        if self.listen == "off":
            return None
        host, _, port = self.listen.rpartition(":")
        return host.strip("[]"), int(port)


class Log(Section):
    """What is written to standard error."""

    level: Literal["debug", "info", "warning", "error"] = Field("info", description="debug, info, warning or error.")
    format: Literal["console", "json"] = Field("console", description="console for people, json for log collectors.")


class Media(Section):
    """Limits around the decoding of untrusted files."""

    max_file_bytes: Whole = Field(
        20_971_520,
        ge=1024,
        le=2_147_483_648,
        description="Larger files are not fetched; Telegram itself stops at 20 MiB.",
    )
    image_workers: Whole = Field(2, ge=1, le=64, description="Processes that decode pictures.")
    video_workers: Whole = Field(1, ge=1, le=64, description="Processes that decode videos.")
    image_seconds: Seconds = Field(3, ge=0.1, le=60, description="Time after which a picture counts as unscannable.")
    video_seconds: Seconds = Field(10, ge=0.1, le=600, description="Time after which a video counts as unscannable.")
    unsafe_decoder: bool = Field(False, description="Start even where decoders cannot be locked down.")


class Limits(Section):
    """How much is done at once, and how much in a day before somebody is asked."""

    lanes: Whole = Field(16, ge=1, le=256, description="Chats handled at once.")
    inflight: Whole = Field(1000, ge=1, le=100_000, description="Updates held in memory.")
    attempts: Whole = Field(5, ge=1, le=100, description="Tries before an update is buried.")
    outbox_lanes: Whole = Field(8, ge=1, le=64, description="Chats answered at once.")
    words_per_second: Whole = Field(30, ge=1, le=1000, description="Messages sent in a second, to all chats together.")
    words_per_minute_in_groups: Whole = Field(
        20, ge=1, le=10_000, description="Messages sent in a minute to one group."
    )
    words_per_second_in_private: Whole = Field(
        1, ge=1, le=1000, description="Messages sent in a second to one person; short bursts may be faster."
    )
    daily_deletes: Whole = Field(
        100, ge=1, le=1_000_000, description="People whose posts are removed in a chat in a day, sure matches apart."
    )
    daily_bans: Whole = Field(30, ge=1, le=1_000_000, description="People muted or banned in a chat in a day.")
    appeal_days: Whole = Field(
        7, ge=1, le=90, description="Days after which an appeal that no admin decided is closed; what was done stays."
    )
    claim_minutes: Whole = Field(
        30, ge=1, le=10_080, description="Minutes that a card stays with the admin who took it."
    )
    quarantine_posters: Whole = Field(
        20, ge=2, le=1_000_000, description="People whose posts one entry matches in a day until it is doubted …"
    )
    quarantine_chats: Whole = Field(5, ge=1, le=1_000_000, description="… if they post in that many chats.")
    quarantine_regulars: Whole = Field(
        10, ge=2, le=1_000_000, description="Regulars of one chat whose posts it matches in an hour until it is."
    )


class Retention(Section):
    """How long what is known of people is kept; what is past its time is forgotten within an hour."""

    inbox_hours: Hours = Field(48, ge=1, le=8760, description="Hours that a handled update is kept.")
    outbox_hours: Hours = Field(48, ge=1, le=8760, description="Hours that a call made to Telegram is kept.")
    seen_hours: Hours = Field(48, ge=1, le=8760, description="Hours that it is known which message had which file.")
    files_hours: Hours = Field(48, ge=1, le=8760, description="Hours that a scanned file's fingerprint is kept.")
    cases_days: Days = Field(
        90, ge=1, le=3650, description="Days that a case is kept; a strike that counts keeps its own."
    )
    reports_days: Days = Field(30, ge=1, le=3650, description="Days that it is known who reported what.")
    audit_days: Days = Field(365, ge=1, le=3650, description="Days that a line of the audit log is kept.")
    people_days: Days = Field(
        365, ge=1, le=3650, description="Days after which somebody who wrote no more is forgotten."
    )


class Settings(BaseSettings):
    """Everything an operator chooses. Built by `config.load`; built directly, it reads neither file nor environment."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", validate_default=True)

    data_dir: Folder = Field(Path("data"), description="The folder that holds the database; made when missing.")
    maintainers: Ids = Field((), description="Numeric ids of the users who keep the lists, like [11, 12].")
    contact: Contact = Field(
        "", description="Where people ask about their data, such as an address; /privacy names it."
    )
    summary_hour: Whole = Field(
        6,
        ge=0,
        le=23,
        description="Hour in UTC at which admins get the summary of yesterday, or on Monday of the week.",
    )
    telegram: Telegram = Telegram()
    store: Store = Store()
    web: Web = Web()
    log: Log = Log()
    media: Media = Media()
    limits: Limits = Limits()
    retention: Retention = Retention()

    @field_validator("store")
    @classmethod
    def _in_data_dir(cls, store: Store, info: ValidationInfo) -> Store:
        folder = info.data.get("data_dir")
        if store.url or folder is None:
            return store
        return store.model_copy(update={"url": f"sqlite+aiosqlite:///{folder / 'haechi.db'}"})

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the signature is pydantic's
        init_settings: PydanticBaseSettingsSource,
        *_args: Any,
        **_others: Any,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Leave file and environment to `config.load`, which remembers for its errors where each value came from."""
        return (init_settings,)


def _keys() -> Iterator[tuple[str, FieldInfo]]:
    for name, info in Settings.model_fields.items():
        kind = info.annotation
        if isinstance(kind, type) and issubclass(kind, Section):
            yield from ((f"{name}.{key}", inner) for key, inner in kind.model_fields.items())
        else:
            yield name, info


KEYS: dict[str, FieldInfo] = dict(_keys())  # "media.image_workers" → its default, bounds and description
SECTIONS = frozenset(key.partition(".")[0] for key in KEYS if "." in key)


def expected(key: str) -> str:
    """What `key` takes, in words: its kind and its bounds."""
    info = KEYS[key]
    for note in info.metadata:
        if isinstance(note, Expected):
            return note.text
    if get_origin(info.annotation) is Literal:
        return "one of " + ", ".join(get_args(info.annotation))
    if info.annotation is bool:
        return "true or false"
    low = next(note.ge for note in info.metadata if isinstance(note, Ge))
    high = next(note.le for note in info.metadata if isinstance(note, Le))
    return f"a {'whole ' if info.annotation is int else ''}number from {low} to {high}"
