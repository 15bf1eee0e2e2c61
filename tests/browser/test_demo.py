"""The demo in a real browser, as somebody who has never seen it: the real bot, the real page."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, async_playwright, expect

from tests.browser.test_page import FLAGS

PICTURES = "HAECHI_PICTURES"
"""Names the folder that keeps the screenshots which the README shows; `make pictures` sets it to docs/."""

WAIT = 60_000


@contextlib.asynccontextmanager
async def demo() -> AsyncIterator[str]:
    """`haechi demo` on a free port; its address."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("HAECHI_")}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "demo", "--port", "0", env=env, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(90):
            while not (found := re.search(rb"http://\S+", line := await process.stdout.readline())):
                assert line, "the demo ended before it said where it is"
        yield found.group().decode()
    finally:
        process.terminate()
        await process.communicate()


@contextlib.asynccontextmanager
async def browsing(chromium: str, url: str) -> AsyncIterator[Page]:
    """A page of the demo."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = await browser.new_page(viewport={"width": 1360, "height": 860})
        await page.goto(url)
        yield page
        await browser.close()


async def become(page: Page, name: str) -> None:
    """Choose who to be."""
    await page.locator(f'[data-testid=person][data-name="{name}"]').click()


async def enter(page: Page, title: str) -> None:
    """Open a chat."""
    await page.locator("[data-testid=chat]", has_text=title).first.click()


def message(page: Page, words: str) -> Locator:
    """The newest message of the open chat with these words."""
    return page.locator("[data-testid=message]", has_text=words).last


async def post(page: Page, name: str) -> None:
    """Post a sample from the shelf."""
    if not await page.locator(f'[data-testid=sample][data-sample="{name}"]').is_visible():
        await page.locator("[data-testid=shelf-toggle]").click()
    await page.locator(f'[data-testid=sample][data-sample="{name}"]').click()
    await page.locator("[data-testid=send]").click()


@pytest.mark.browser
async def test_a_newcomer_sees_it_work(chromium: str, tmp_path: Path) -> None:
    """The canary vanishes and the log card appears; a report is decided by an admin, and by nobody else."""
    async with demo() as url, browsing(chromium, url) as page:
        await become(page, "Léa")
        await enter(page, "Riverside Neighbours")
        await post(page, "canary")
        await expect(page.locator("[data-testid=ghost]")).to_be_visible(timeout=WAIT)
        await expect(message(page, "caught the canary")).to_be_visible(timeout=WAIT)
        await post(page, "listed-1")
        await expect(message(page, "matches a list of known abuse")).to_be_visible(timeout=WAIT)
        await post(page, "clean-1")
        clean = page.locator("[data-testid=message]", has=page.locator("img")).last
        await expect(clean).to_be_visible(timeout=WAIT)
        await expect(page.locator("[data-testid=ghost]")).to_have_count(2, timeout=WAIT)
        await clean.locator("img").evaluate("image => image.decode()")
        await page.evaluate("Promise.all(document.getAnimations().map(one => one.finished))")
        await page.locator("[data-testid=sample][data-sample=canary]").scroll_into_view_if_needed()
        folder = Path(os.environ.get(PICTURES, tmp_path))
        await page.screenshot(path=folder / "demo.png")
        await _report(page)
        await _try(page)


async def _report(page: Page) -> None:
    """Léa reports a picture of Hana's, and Minjun decides."""
    await become(page, "Hana")
    await enter(page, "Riverside Neighbours")
    await post(page, "clean-2")
    picture = page.locator("[data-testid=message]", has=page.locator("img")).last
    await expect(picture).to_be_visible(timeout=WAIT)
    number = await picture.get_attribute("data-message-id")
    await become(page, "Léa")
    await enter(page, "Riverside Neighbours")
    target = page.locator(f'[data-testid=message][data-message-id="{number}"]')
    await target.hover()
    await target.locator("[data-testid=reply]").click()
    await page.locator("[data-testid=composer]").fill("/report my garden, without my leave")
    await page.locator("[data-testid=send]").click()
    await become(page, "Minjun")
    await enter(page, "admin log")
    await expect(message(page, "Canary picture caught")).to_be_visible(timeout=WAIT)
    card = message(page, "Reported by")
    await expect(card).to_be_visible(timeout=WAIT)
    await card.locator("[data-testid=inline-button]", has_text="Delete").click()
    await expect(message(page, "— Minjun")).to_be_visible(timeout=WAIT)
    await enter(page, "Riverside Neighbours")
    await expect(target).to_have_count(0, timeout=WAIT)


async def _try(page: Page) -> None:
    """Minjun goes from the group to the settings in private and changes them; Léa follows the link and is refused."""
    await page.locator("[data-testid=composer]").fill("/settings")
    await page.locator("[data-testid=send]").click()
    way = message(page, "They open in private").locator("[data-testid=inline-button]", has_text="Open the settings")
    await way.click(timeout=WAIT)
    panel = message(page, "Settings of Riverside Neighbours")
    await panel.locator("[data-testid=inline-button]", has_text="Zero tolerance").click(timeout=WAIT)
    await expect(message(page, "Strictness: Zero tolerance")).to_be_visible(timeout=WAIT)
    await become(page, "Léa")
    await enter(page, "Riverside Neighbours")
    await way.click(timeout=WAIT)
    await expect(message(page, "Change group info")).to_be_visible(timeout=WAIT)
