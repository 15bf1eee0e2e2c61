"""Promises of the sandbox's chat page, kept in a real browser against the real sandbox, without the bot."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import async_playwright, expect

from bot.sandbox import demo, samples, samples_routes
from bot.sandbox.server import Server
from bot.sandbox.world import World

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from playwright.async_api import Browser, Locator, Page

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 60_000  # milliseconds, more than any machine needs
CHROMIUM = shutil.which("chromium")
TOKEN = "123456:ABC"

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


class Visit:
    """One page in a browser with the sandbox behind it, and the few things a visitor does."""

    def __init__(self, page: Page, world: World, ids: demo.Demo, url: str) -> None:
        self.page, self.world, self.ids, self.url = page, world, ids, url
        self.complaints: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda line: self.complaints.append(line.text) if line.type == "error" else None)

    async def open(self) -> None:
        """Load the page and wait for its people and its shelf."""
        await self.page.goto(self.url)
        await expect(self.page.get_by_test_id("person")).to_have_count(4)
        await expect(self.page.get_by_test_id("sample")).to_have_count(len(samples.samples()))

    async def become(self, name: str) -> None:
        """Look through somebody else's eyes."""
        option = self.page.locator(f'[data-testid=person][data-name="{name}"]')
        await option.click()
        await expect(self.page.locator(f'[data-testid=person][data-name="{name}"].chosen')).to_be_visible()

    async def say(self, text: str) -> None:
        """Type and send."""
        await self.page.get_by_test_id("composer").fill(text)
        await self.page.get_by_test_id("send").click()

    async def take(self, *names: str) -> None:
        """Put samples into the tray."""
        for name in names:
            await self.page.locator(f'[data-testid=sample][data-sample="{name}"]').click()

    def chat(self, chat_id: int) -> Locator:
        """A chat in the list."""
        return self.page.locator(f'[data-testid=chat][data-chat-id="{chat_id}"]')

    def last(self, selector: str) -> Locator:
        """The last element of that kind in the conversation."""
        return self.page.locator(f"#log {selector}").last

    def message(self, message_id: int) -> Locator:
        """The message with this number."""
        return self.page.locator(f'#log [data-testid=message][data-message-id="{message_id}"]')

    def newest(self) -> dict[str, Any]:
        """The group's newest message, as the bot would see it."""
        return list(self.world.chat(self.ids.group).messages.values())[-1].json()

    async def call_bot(self, method: str, **fields: Any) -> Any:
        """What the bot does: one call of the Bot API over HTTP."""
        async with httpx.AsyncClient(base_url=self.url) as client:
            answer = await client.post(f"/bot{TOKEN}/{method}", json=fields)
        return answer.json()["result"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    """Debian's Chromium, one for all tests; where HAECHI_REQUIRE names the browser, its absence is a failure."""
    if CHROMIUM is None and "browser" in os.environ.get("HAECHI_REQUIRE", ""):
        pytest.fail("Chromium is required here and was not found")
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield launched
        await launched.close()


@pytest_asyncio.fixture(loop_scope="module", params=[(1280, 800)])
async def visit(browser: Browser, request: pytest.FixtureRequest) -> AsyncIterator[Visit]:
    """A visitor on a fresh demo world; at the end, the page must not have complained."""
    expect.set_options(timeout=PATIENCE)
    world = World(TOKEN)
    ids = demo.build(world)
    async with Server(world, routes=samples_routes.routes) as server:
        width, height = request.param
        context = await browser.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce")
        page = await context.new_page()
        page.set_default_timeout(PATIENCE)
        visitor = Visit(page, world, ids, server.url)
        await visitor.open()
        yield visitor
        await context.close()
    assert visitor.complaints == []


async def test_shows_the_chats_and_messages_of_the_demo(visit: Visit) -> None:
    """The page opens as Hana in the group, with her chats at the left and the group's messages in the middle."""
    await expect(visit.page.get_by_test_id("chat")).to_have_count(5)
    await expect(visit.page.locator("#talk-head h1")).to_have_text("Riverside Neighbours")
    await expect(visit.page.get_by_test_id("message")).to_have_count(3)


async def test_several_people_talk(visit: Visit) -> None:
    """What one person posts, the others see under that person's name, and data is shown as text, never as markup."""
    await visit.say("<b>hello & hi from Hana")
    await visit.become("Léa")
    await expect(visit.last("[data-testid=message]")).to_contain_text("<b>hello & hi from Hana")
    await visit.say("good evening")
    await visit.become("Minjun")
    await expect(visit.last("[data-testid=message] .sender")).to_contain_text("Léa Martin")
    assert visit.newest()["from"]["id"] == visit.ids.lea


async def test_reply_shows_what_it_answers(visit: Visit) -> None:
    """A reply carries the replied message and leads back to it."""
    await visit.become("Léa")
    first = visit.page.get_by_test_id("message").first
    await first.hover()
    await first.get_by_test_id("reply").click()
    await visit.say("/report not nice")
    await expect(visit.last("[data-testid=quote]")).to_contain_text("Hana Seo")
    assert visit.newest()["reply_to_message"]["text"].startswith("Welcome")
    assert visit.newest()["entities"][0]["type"] == "bot_command"


async def test_album_is_posted_as_one(visit: Visit) -> None:
    """Samples picked together are one album, and taken away together they leave one line."""
    await visit.take("listed-1", "clean-1", "listed-2")
    await visit.say("three at once")
    album = visit.page.get_by_test_id("album")
    await expect(album.get_by_test_id("message")).to_have_count(3)
    posted = list(visit.world.chat(visit.ids.group).messages.values())[-3:]
    assert len({message.json()["media_group_id"] for message in posted}) == 1
    await visit.call_bot("deleteMessages", chat_id=visit.ids.group, message_ids=[message.id for message in posted])
    await expect(album).to_have_count(0)
    await expect(visit.page.get_by_test_id("ghost")).to_contain_text("Album of 3 from Hana Seo removed")


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("listed-gif", "animation"),
        ("clean-clip", "video"),
        ("clean-sticker", "sticker"),
        ("clean-document", "document"),
    ],
)
async def test_samples_are_posted_as_what_they_are(visit: Visit, name: str, field: str) -> None:
    """A GIF, film, sticker or file of the shelf arrives as such, byte for byte, and is shown."""
    await visit.take(name)
    await visit.page.get_by_test_id("send").click()
    await expect(visit.page.get_by_test_id("message")).to_have_count(4)
    stored = visit.world.files.by_id[visit.newest()[field]["file_id"]]
    assert stored.data == samples.sample(name).data()


async def test_own_file_as_sticker(visit: Visit, tmp_path: Path) -> None:
    """A picture of the visitor's own can be attached and sent as a sticker."""
    own = tmp_path / "mine.jpg"
    own.write_bytes(samples.sample("clean-3").data())
    await visit.page.get_by_test_id("attach").set_input_files(own)
    await visit.page.get_by_test_id("send-as").select_option("sticker")
    await visit.page.get_by_test_id("send").click()
    await expect(visit.page.locator("#log img.sticker")).to_be_visible()
    assert visit.newest()["sticker"]["width"] == 512


async def test_removed_message_collapses_and_leaves_a_line(visit: Visit) -> None:
    """A message that the bot removes goes away and leaves a faint line that says how long it was there."""
    await visit.take("canary")
    await visit.page.get_by_test_id("send").click()
    await expect(visit.page.locator("#log .picture")).to_be_visible()
    number = visit.newest()["message_id"]
    await visit.call_bot("deleteMessage", chat_id=visit.ids.group, message_id=number)
    await expect(visit.message(number)).to_have_count(0)
    await expect(visit.page.get_by_test_id("ghost")).to_contain_text("Picture from Hana Seo removed after")


async def test_stranger_joins_and_leaves(visit: Visit) -> None:
    """Somebody who is not in the group sees Join, then can write, then can leave."""
    await visit.become("Sam")
    await visit.page.get_by_test_id("join").click()
    await expect(visit.last("[data-testid=service]")).to_have_text("Sam Doe joined")
    await visit.say("hello, I am new")
    await expect(visit.last("[data-testid=message]")).to_contain_text("hello, I am new")
    await visit.page.get_by_test_id("leave").click()
    await expect(visit.page.get_by_test_id("join")).to_be_visible()


async def test_refusal_shows_the_sandboxs_sentence(visit: Visit) -> None:
    """Somebody who was muted is told so in the sandbox's words, and nothing is posted."""
    muted = {"can_send_messages": False}
    await visit.call_bot("restrictChatMember", chat_id=visit.ids.group, user_id=visit.ids.lea, permissions=muted)
    await visit.become("Léa")
    await visit.say("may I?")
    await expect(visit.page.get_by_test_id("refusal-line")).to_contain_text("Léa Martin may not send text messages")
    await expect(visit.page.get_by_test_id("composer")).to_have_value("may I?")
    visit.complaints.clear()  # the browser notes the answer 400 in its console


async def test_banned_person_loses_the_chat(visit: Visit) -> None:
    """Whoever is banned sees the group no more, and the switcher says why."""
    await visit.become("Léa")
    await visit.call_bot("banChatMember", chat_id=visit.ids.group, user_id=visit.ids.lea)
    await expect(visit.chat(visit.ids.group)).to_have_count(0)
    await expect(visit.page.locator('[data-name="Léa"] small')).to_have_text("banned")
    await expect(visit.page.locator("#log")).to_contain_text("Choose a chat to begin.")


async def test_admin_posts_as_group_and_as_channel(visit: Visit) -> None:
    """An owner may post as the group or as a channel of hers; a member is offered neither."""
    await visit.page.get_by_test_id("identity").select_option("anonymous")
    await visit.say("as the group")
    await expect(visit.last("[data-testid=message]")).to_contain_text("anonymous admin")
    await visit.page.get_by_test_id("identity").select_option(str(visit.ids.channel))
    await visit.say("as the channel")
    await expect(visit.last("[data-testid=message]")).to_contain_text("Riverside News")
    assert visit.newest()["sender_chat"]["id"] == visit.ids.channel
    await visit.become("Léa")
    await expect(visit.page.get_by_test_id("identity")).to_be_hidden()


async def test_button_press_shows_the_bots_answer(visit: Visit) -> None:
    """A press on an inline button reaches the bot, and its answer is shown as an alert that waits for OK."""
    key = {"text": "Why?", "callback_data": "why:1"}
    sent = {"chat_id": visit.ids.group, "text": "removed", "reply_markup": {"inline_keyboard": [[key]]}}
    await visit.call_bot("sendMessage", **sent)
    await visit.page.get_by_test_id("inline-button").click()
    queries: list[dict[str, Any]] = []
    offset = 0
    while not queries:
        updates = await visit.call_bot("getUpdates", timeout=2, offset=offset)
        queries = [update["callback_query"] for update in updates if "callback_query" in update]
        offset = updates[-1]["update_id"] + 1 if updates else offset
    answer = {"callback_query_id": queries[0]["id"], "text": "It matched a list.", "show_alert": True}
    await visit.call_bot("answerCallbackQuery", **answer)
    await expect(visit.page.get_by_test_id("alert")).to_contain_text("It matched a list.")
    assert queries[0]["data"] == "why:1"


async def test_private_chat_is_started(visit: Visit) -> None:
    """Start opens the talk with the bot, and the bot's commands are offered while one is typed."""
    await visit.call_bot("setMyCommands", commands=[{"command": "help", "description": "What the bot can do"}])
    await visit.become("Léa")
    await visit.chat(visit.ids.lea).click()
    await visit.page.get_by_test_id("start").click()
    await expect(visit.last("[data-testid=message]")).to_contain_text("/start")
    await visit.page.get_by_test_id("composer").press_sequentially("/h")
    await expect(visit.page.get_by_test_id("hints")).to_contain_text("What the bot can do")
    await visit.page.get_by_test_id("composer").press("Tab")
    await expect(visit.page.get_by_test_id("composer")).to_have_value("/help ")


async def test_altered_picture_is_posted(visit: Visit) -> None:
    """The panel shows a picture as it will be after the changes, and posts exactly that."""
    page = visit.page
    await page.get_by_test_id("alter-open").click()
    await page.locator('[data-testid=alter-sample][data-sample="listed-1"]').click()
    await expect(page.get_by_test_id("alter-facts")).to_contain_text("960 × 720")
    await page.get_by_test_id("alter-border").fill("10")
    await page.get_by_test_id("alter-mirror").check()
    await expect(page.get_by_test_id("alter-facts")).to_contain_text("1104 × 864")
    await page.get_by_test_id("alter-post").click()
    await expect(page.locator("#log .picture")).to_be_visible()
    largest = visit.newest()["photo"][-1]
    assert (largest["width"], largest["height"]) == (1104, 864)


async def test_bot_loses_and_regains_a_right(visit: Visit) -> None:
    """The owner can take a right from the bot and remove it from the chat, as in Telegram's own apps."""
    await visit.page.get_by_test_id("chat-info").click()
    async with visit.page.expect_response(lambda answer: answer.request.method == "POST"):  # the tick goes first
        await visit.page.get_by_test_id("right-can_delete_messages").uncheck()
    await expect(visit.page.get_by_test_id("right-can_delete_messages")).not_to_be_checked()
    member = visit.world.bot_member(visit.world.chat(visit.ids.group))
    assert "can_delete_messages" not in member.rights
    await visit.page.get_by_test_id("remove-bot").click()
    await expect(visit.page.get_by_test_id("add-bot")).to_be_visible()


async def test_guide_leads_through_three_steps(visit: Visit) -> None:
    """The guide takes the canary, shows Minjun the log, and lets Léa report what others posted."""
    page = visit.page
    await page.get_by_test_id("guide-step-1").click()
    await page.get_by_test_id("send").click()
    await expect(page.locator("#log .picture")).to_be_visible()
    await visit.call_bot("deleteMessage", chat_id=visit.ids.group, message_id=visit.newest()["message_id"])
    await page.get_by_test_id("guide-step-2").click()
    await expect(page.locator("#talk-head h1")).to_have_text("Riverside · admin log")
    await visit.chat(visit.ids.group).click()
    await visit.take("clean-1")
    await page.get_by_test_id("send").click()
    await expect(page.locator("#log .picture")).to_be_visible()
    await page.get_by_test_id("guide-step-3").click()
    await expect(page.get_by_test_id("composer")).to_have_value("/report")
    await page.get_by_test_id("send").click()
    await expect(page.locator(".step.done")).to_have_count(3)


@pytest.mark.parametrize("visit", [(360, 700)], indirect=True)
async def test_narrow_screen_does_not_scroll_sideways(visit: Visit) -> None:
    """At 360 pixels list, conversation and panel each fit the width."""
    page = visit.page
    width = "Math.max(document.documentElement.scrollWidth, ...[...document.querySelectorAll('body *')]"
    width += ".filter((node) => node.getClientRects().length && !node.closest('.shelf, .people-row'))"
    width += ".map((node) => Math.round(node.getBoundingClientRect().right)))"
    assert await page.evaluate(width) <= 360
    await visit.chat(visit.ids.group).click()
    await page.get_by_test_id("shelf-toggle").click()
    await visit.take("listed-3")
    assert await page.evaluate(width) <= 360
    await visit.say("a city")
    await expect(page.locator("#log .picture")).to_be_visible()
    await page.get_by_test_id("alter-open").click()
    await expect(page.get_by_test_id("alter-facts")).to_contain_text("pixels")
    assert await page.evaluate(width) <= 360
    await page.get_by_test_id("alter-close").click()
    await page.get_by_test_id("back").click()
    await expect(visit.chat(visit.ids.log)).to_be_visible()


async def test_keyboard_is_enough(visit: Visit) -> None:
    """Without a mouse a visitor changes person, opens a chat and posts."""
    page = visit.page
    await page.locator('[data-testid=person][data-name="Hana"] input').focus()
    await page.keyboard.press("ArrowRight")
    await expect(page.locator('[data-testid=person][data-name="Minjun"].chosen')).to_be_visible()
    await visit.chat(visit.ids.log).focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#talk-head h1")).to_have_text("Riverside · admin log")
    await page.get_by_test_id("composer").focus()
    await page.keyboard.type("typed")
    await page.keyboard.press("Enter")
    await expect(visit.last("[data-testid=message]")).to_contain_text("typed")
