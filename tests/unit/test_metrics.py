"""Metrics: what is declared, and what cannot become a label."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from bot import metrics

NAMES = {
    "haechi_forgotten",
    "haechi_updates",
    "haechi_scans",
    "haechi_unscannable",
    "haechi_actions",
    "haechi_decode_seconds",
    "haechi_decode_pauses",
    "haechi_search_seconds",
    "haechi_inbox_depth",
    "haechi_inbox_oldest_seconds",
    "haechi_outbox_depth",
    "haechi_last_poll_timestamp_seconds",
    "haechi_polls_cut",
    "haechi_webhook_refused",
    "haechi_list_entries",
    "haechi_raids",
    "haechi_daily_limits_reached",
    "haechi_quarantined_entries",
    "haechi_list_age_seconds",
    "haechi_ready",
    "haechi_inbox_buried",
    "haechi_outbox_oldest_seconds",
    "haechi_outbox_failed",
    "haechi_decoders",
    "haechi_decoder_resident_memory_bytes",
    "process_virtual_memory_bytes",
    "process_resident_memory_bytes",
    "process_start_time_seconds",
    "process_cpu_seconds",
    "process_open_fds",
    "process_max_fds",
}

LABELS = {"kind", "table", "state", "verdict", "media", "step", "reason", "method", "outcome", "list", "le"}
"""Every label there is: none for a chat, a person or a hash."""


def _value(name: str, **labels: str) -> float:
    return metrics.REGISTRY.get_sample_value(name, labels) or 0.0


def test_every_metric_is_there_from_the_start() -> None:
    """Every metric is shown under its documented name, in text that Prometheus's own parser reads."""
    families = {family.name: family for family in text_string_to_metric_families(metrics.render().decode())}
    assert set(families) == NAMES
    assert {label for family in families.values() for sample in family.samples for label in sample.labels} <= LABELS
    shown = {sample.labels["verdict"] for sample in families["haechi_scans"].samples}
    assert shown == {"clean", "match", "unscannable", "canary"}


def test_counting_shows() -> None:
    """What is counted is what is rendered."""
    before = _value("haechi_actions_total", method="deleteMessage", outcome="gone")
    metrics.ACTIONS.labels("deleteMessage", "gone").inc()
    metrics.DECODE_SECONDS.labels("image").observe(0.02)
    text = metrics.render().decode()
    assert f'haechi_actions_total{{method="deleteMessage",outcome="gone"}} {before + 1}' in text
    assert 'haechi_decode_seconds_bucket{le="0.025",media="image"}' in text
    assert "_created" not in text


def test_a_list_that_went_is_shown_no_longer() -> None:
    """The ages of lists are those of the last look, by number: a name may be a chat's."""
    metrics.list_ages({1: 60.0, 2: 5.0})
    metrics.list_ages({2: 7.5})
    assert _value("haechi_list_age_seconds", list="2") == 7.5
    assert metrics.REGISTRY.get_sample_value("haechi_list_age_seconds", {"list": "1"}) is None


def test_hostile_reasons_do_not_become_labels() -> None:
    """A reason that is no plain word, or one of too many, is counted as other."""
    before = _value("haechi_unscannable_total", reason="broken")
    for reason in ("broken", "broken", "a" * 64, 'x"} 1\n', "", "Caption", "ffd8"):
        metrics.unscannable(reason)
    for number in range(100):
        metrics.unscannable("r" + "x" * (number % 20) + "y" * (number // 20))
    text = metrics.render().decode()
    assert _value("haechi_unscannable_total", reason="broken") == before + 2
    assert 'reason="other"' in text
    assert "ffd8" not in text
    assert text.count("haechi_unscannable_total{") <= 33
