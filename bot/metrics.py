"""Every metric that Haechi counts, in one place. Nothing counts by itself here; no label names a person or a hash.

Count with the objects themselves: ``metrics.UPDATES.labels("handled").inc()``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

from bot.model import VerdictKind

if TYPE_CHECKING:
    from collections.abc import Mapping

CONTENT_TYPE = CONTENT_TYPE_LATEST
REGISTRY = CollectorRegistry()

disable_created_metrics()  # type: ignore[no-untyped-call]  # else a second series for each counter

# Memory, processor time and open files of the bot's own process, under the names that Prometheus gives them.
ProcessCollector(registry=REGISTRY)
READY = Gauge("haechi_ready", "1 while posts are being judged, 0 otherwise; /readyz says why not.", registry=REGISTRY)

# --- the path of an update -----------------------------------------------------------------------

STATES = ("received", "handled", "failed", "buried")

UPDATES = Counter(
    "haechi_updates", "Updates received, handled to the end, failed for now, buried.", ["state"], registry=REGISTRY
)
LAST_POLL = Gauge(
    "haechi_last_poll_timestamp_seconds", "When Telegram last answered a poll, in Unix time.", registry=REGISTRY
)
POLLS_CUT = Counter("haechi_polls_cut", "Polls that hung and were cut.", registry=REGISTRY)
WEBHOOK_REFUSED = Counter(
    "haechi_webhook_refused", "Requests to the webhook without the right secret.", registry=REGISTRY
)
INBOX_DEPTH = Gauge("haechi_inbox_depth", "Updates that wait or are in hand.", registry=REGISTRY)
INBOX_OLDEST = Gauge("haechi_inbox_oldest_seconds", "Age of the oldest update that waits.", registry=REGISTRY)
INBOX_BURIED = Gauge(
    "haechi_inbox_buried",
    "Updates of the last 48 hours that could not be handled and were set aside.",
    registry=REGISTRY,
)

# --- judging -------------------------------------------------------------------------------------

# From a small picture's 2 ms to the video limit's 10 s.
DECODE_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
MEDIA = ("image", "video")

SCANS = Counter("haechi_scans", "Posts judged, by verdict.", ["verdict"], registry=REGISTRY)
DECODE_SECONDS = Histogram(
    "haechi_decode_seconds", "Time from bytes to fingerprint.", ["media"], buckets=DECODE_BUCKETS, registry=REGISTRY
)
DECODE_PAUSES = Counter(
    "haechi_decode_pauses",
    "Times that a poster's files, or one file, began to be left undecoded after stopping decoders.",
    ["media"],
    registry=REGISTRY,
)
SEARCH_SECONDS = Histogram(
    "haechi_search_seconds",
    "Time of a close look at a picture, by step.",
    ["step"],
    buckets=DECODE_BUCKETS,
    registry=REGISTRY,
)
LIST_ENTRIES = Gauge("haechi_list_entries", "Entries that posts are matched against.", registry=REGISTRY)
LIST_AGE = Gauge(
    "haechi_list_age_seconds",
    "Time since a list that counts in every chat was changed, by the list's number.",
    ["list"],
    registry=REGISTRY,
)
DECODERS = Gauge("haechi_decoders", "Decoder processes that live, spares included.", registry=REGISTRY)
DECODER_MEMORY = Gauge(
    "haechi_decoder_resident_memory_bytes", "Resident memory of all decoder processes.", registry=REGISTRY
)
_UNSCANNABLE = Counter(
    "haechi_unscannable", "Files that could not be scanned, by reason.", ["reason"], registry=REGISTRY
)

# --- acting --------------------------------------------------------------------------------------

ACTIONS = Counter(
    "haechi_actions", "Calls of the Bot API, by method and outcome.", ["method", "outcome"], registry=REGISTRY
)
OUTBOX_DEPTH = Gauge("haechi_outbox_depth", "Calls of the Bot API that wait.", registry=REGISTRY)
OUTBOX_OLDEST = Gauge("haechi_outbox_oldest_seconds", "Age of the oldest call that waits.", registry=REGISTRY)
OUTBOX_FAILED = Gauge(
    "haechi_outbox_failed", "Calls of the last 48 hours that Telegram refused for good.", registry=REGISTRY
)

CAPS = ("delete", "ban")
RAIDS = Gauge("haechi_raids", "Chats that are being raided at the moment.", registry=REGISTRY)
BREAKERS = Gauge(
    "haechi_daily_limits_reached",
    "Chats in which a limit of the day holds, by what is stopped.",
    ["kind"],
    registry=REGISTRY,
)
QUARANTINED = Gauge("haechi_quarantined_entries", "Entries that are switched off as punishers.", registry=REGISTRY)

for _metric, _values in (
    (UPDATES, STATES),
    (SCANS, VerdictKind),
    (DECODE_SECONDS, MEDIA),
    (DECODE_PAUSES, MEDIA),
    (BREAKERS, CAPS),
):
    for _value in _values:
        _metric.labels(_value)  # there from the start, at nought

FORGOTTEN = Counter(
    "haechi_forgotten", "Rows forgotten because their time was over, by table.", ["table"], registry=REGISTRY
)

_MOST_REASONS = 32
_reasons: set[str] = set()


def unscannable(reason: str) -> None:
    """Count a file under `reason`, one word; what is no word, or one word too many, counts as ``other``.

    The word comes from a process that has just read a hostile file, so it is not trusted to be a word.
    """
    if reason not in _reasons:
        is_word = re.fullmatch(r"[a-z][a-z_-]{0,23}", reason) is not None
        reason = reason if is_word and len(_reasons) < _MOST_REASONS else "other"
        _reasons.add(reason)
    _UNSCANNABLE.labels(reason).inc()


def list_ages(ages: Mapping[int, float]) -> None:
    """Set the age in seconds of each list, by its number: a name may be that of a chat, or of a file."""
    LIST_AGE.clear()
    for number, seconds in ages.items():
        LIST_AGE.labels(str(number)).set(seconds)


def render() -> bytes:
    """All metrics in Prometheus's text format; its media type is `CONTENT_TYPE`."""
    return generate_latest(REGISTRY)
