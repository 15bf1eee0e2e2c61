"""What an operator asks a bot at work: health, numbers, the doctor."""

from __future__ import annotations

import json

import httpx
from prometheus_client.parser import text_string_to_metric_families

from tests.flow.places import Places
from tests.running import TOKEN, Bot, haechi


async def test_a_bot_at_work_is_well(places: Places, bot: Bot) -> None:
    """After a removal the numbers show it, name nobody, and the doctor, run beside the bot, finds no error."""
    place = await places.group()
    await place.wait_gone(await place.post_sample("listed-1"))
    await place.settle()
    async with httpx.AsyncClient(base_url=bot.web) as web:
        assert (await web.get("/healthz")).text == "ok\n"
        ready = (await web.get("/readyz")).json()
        shown = (await web.get("/metrics")).text
    assert (ready["ready"], ready["problems"]) == (True, [])
    samples = [one for family in text_string_to_metric_families(shown) for one in family.samples]
    numbers = {(one.name, *one.labels.values()): one.value for one in samples}
    assert numbers["haechi_ready",] == 1
    assert numbers["haechi_scans_total", "match"] >= 1
    assert numbers["haechi_actions_total", "deleteMessage", "done"] >= 1
    assert numbers["haechi_decode_seconds_count", "image"] >= 1
    assert numbers["haechi_last_poll_timestamp_seconds",] > 1e9
    assert numbers["process_resident_memory_bytes",] > 10e6
    for secret in (str(place.chat), str(place.chat)[4:], str(place.member), str(place.owner), TOKEN):
        assert secret not in shown
    code, out, errors = await haechi(
        bot.folder,
        "doctor",
        "--json",
        HAECHI_TELEGRAM__TOKEN=TOKEN,
        HAECHI_TELEGRAM__BASE_URL=f"{place.client.url}/bot",
        HAECHI_WEB__LISTEN=bot.web.removeprefix("http://"),
    )
    told = json.loads(out)
    assert (code, told["ok"]) == (0, True), errors
    said = {one["text"] for one in told["findings"]}
    assert f"the running bot answers on {bot.web.removeprefix('http://')}" in said
    assert "a bot runs on this database and polls" in said
    assert TOKEN not in out + errors
