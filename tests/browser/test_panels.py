"""The main panels in a real browser, as admins and members meet them; `make pictures` keeps them in docs/."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.test_demo import PICTURES, WAIT, become, browsing, demo, enter, message, post

GROUP, LOG = "Riverside Neighbours", "admin log"


async def say(page: Page, text: str) -> None:
    """Type and send."""
    await page.locator("[data-testid=composer]").fill(text)
    await page.locator("[data-testid=send]").click()


async def write_to_the_bot(page: Page) -> None:
    """Open the private chat with the bot."""
    await page.locator("[data-testid=chat]").filter(has=page.get_by_text("Haechi", exact=True)).click()


def under(found: Locator, words: str) -> Locator:
    """The button with these words under a message."""
    return found.locator("[data-testid=inline-button]", has_text=words).first


async def keep(page: Page, folder: Path, name: str) -> None:
    """Take a picture of what is there."""
    await page.evaluate("Promise.all(document.getAnimations().map(one => one.finished))")
    await page.screenshot(path=Path(os.environ.get(PICTURES, folder)) / f"{name}.png")


@pytest.mark.browser
async def test_a_group_runs_itself(chromium: str, tmp_path: Path) -> None:
    """Settings open in private, a report says what it is, another decides an appeal, the summary has its chart."""
    async with demo() as url, browsing(chromium, url) as page:
        await _settings(page, tmp_path)
        await _report(page, tmp_path)
        await _appeal(page, tmp_path)
        await _summary(page, tmp_path)
        await _check(page, tmp_path)


async def _settings(page: Page, folder: Path) -> None:
    """Minjun opens the settings from the group, in private, and changes what a match does."""
    await become(page, "Minjun")
    await enter(page, GROUP)
    await say(page, "/settings")
    await under(message(page, "They open in private"), "Open the settings").click(timeout=WAIT)
    panel = page.locator("[data-testid=message]").last
    await expect(panel).to_contain_text("What I do", timeout=WAIT)
    await keep(page, folder, "settings")
    await under(panel, "Strikes").click()
    await expect(under(panel, "Back")).to_be_visible(timeout=WAIT)
    await keep(page, folder, "strikes")
    await under(panel, "Back").click()


async def _report(page: Page, folder: Path) -> None:
    """Léa reports a picture of Hana's and says in private what it is; the card in the log says so."""
    await become(page, "Léa")
    await write_to_the_bot(page)
    await say(page, "/start")
    await expect(message(page, "Haechi guards groups")).to_be_visible(timeout=WAIT)
    await become(page, "Hana")
    await enter(page, GROUP)
    await post(page, "clean-2")
    picture = page.locator("[data-testid=message]", has=page.locator("img")).last
    await expect(picture).to_be_visible(timeout=WAIT)
    number = await picture.get_attribute("data-message-id")
    await become(page, "Léa")
    await enter(page, GROUP)
    target = page.locator(f'[data-testid=message][data-message-id="{number}"]')
    await target.hover()
    await target.locator("[data-testid=reply]").click()
    await say(page, "/report posted without my leave")
    await write_to_the_bot(page)
    await under(page.locator("[data-testid=message]").last, "Intimate").click(timeout=WAIT)
    await become(page, "Minjun")
    await enter(page, LOG)
    await expect(message(page, "Reported by")).to_contain_text("Intimate", ignore_case=True, timeout=WAIT)
    await keep(page, folder, "report")


async def _appeal(page: Page, folder: Path) -> None:
    """Léa loses a post, is told why in private and appeals; Minjun, who did nothing in the case, overturns it."""
    await become(page, "Léa")
    await enter(page, GROUP)
    await post(page, "listed-1")
    await expect(message(page, "matches a list of known abuse")).to_be_visible(timeout=WAIT)
    await write_to_the_bot(page)
    letter = message(page, "/appeal")
    await expect(letter).to_be_visible(timeout=WAIT)
    words = await letter.inner_text()
    case = words.partition("/appeal ")[2].split()[0]
    await say(page, f"/appeal {case} I took this picture myself, on holiday.")
    await become(page, "Minjun")
    await enter(page, LOG)
    card = message(page, "I took this picture myself")
    await expect(under(card, "Overturn")).to_be_visible(timeout=WAIT)
    await keep(page, folder, "appeal")
    await under(card, "Overturn").click()
    await expect(message(page, "overturned")).to_be_visible(timeout=WAIT)


async def _summary(page: Page, folder: Path) -> None:
    """Minjun asks in the log what the week came to."""
    await say(page, "/summary")
    chart = page.locator("[data-testid=message]", has_text="posts checked").filter(has=page.locator("img")).last
    await expect(chart).to_be_visible(timeout=WAIT)
    await chart.locator("img").evaluate("image => image.decode()")
    await chart.scroll_into_view_if_needed()
    await keep(page, folder, "summary")


async def _check(page: Page, folder: Path) -> None:
    """Minjun looks whether the chat is protected and has the log chat tested."""
    await enter(page, GROUP)
    await say(page, "/check")
    card = message(page, "Health of")
    await expect(under(card, "Test the log chat")).to_be_visible(timeout=WAIT)
    await keep(page, folder, "check")
    await under(card, "Test the log chat").click()
    await enter(page, LOG)
    await expect(message(page, "test")).to_be_visible(timeout=WAIT)
