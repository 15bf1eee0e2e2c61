"""How the bot gets its updates: by asking, or by webhook; and how it says goodbye to a server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.sandbox.methods.registry import method
from bot.sandbox.polls import LONGEST_POLL, WEBHOOK_ACTIVE, WEBHOOK_SET, conflict
from bot.sandbox.updates import DEFAULT
from bot.sandbox.webhook import Webhook, checked

if TYPE_CHECKING:
    from bot.sandbox.arguments import Args
    from bot.sandbox.updates import Update
    from bot.sandbox.world import World

MOST_UPDATES = 100
MOST_CONNECTIONS, USUAL_CONNECTIONS = 100, 40


def _allow(world: World, args: Args) -> None:
    """Take the wished kinds of updates; what is no list of names is ignored, as at Telegram."""
    names = args.raw("allowed_updates")
    if isinstance(names, list) and all(isinstance(name, str) for name in names):
        world.updates.allow(names)


@method("getUpdates", "offset limit timeout allowed_updates")
async def get_updates(world: World, args: Args) -> list[Update]:
    """The updates that wait; the server writes them as they were queued."""
    if world.deliverer.webhook.url:
        raise conflict(WEBHOOK_ACTIVE)
    limit = min(max(args.integer("limit", MOST_UPDATES), 1), MOST_UPDATES)
    timeout = min(max(args.integer("timeout"), 0), LONGEST_POLL)
    _allow(world, args)
    return await world.poller.poll(args.integer("offset"), limit, timeout)


@method("setWebhook", "url certificate ip_address max_connections allowed_updates drop_pending_updates secret_token")
def set_webhook(world: World, args: Args) -> bool:
    """Deliver updates to a URL of this machine from now on; an empty one is no webhook."""
    url, secret = args.text("url"), args.text("secret_token")
    if url:
        checked(url, secret)
    if args.flag("drop_pending_updates"):
        world.updates.clear()
    if not url:
        world.deliverer.set(Webhook())
        return True
    _allow(world, args)
    connections = min(max(args.integer("max_connections", USUAL_CONNECTIONS), 1), MOST_CONNECTIONS)
    world.poller.abort(WEBHOOK_SET)
    world.deliverer.set(Webhook(url, secret, connections))
    return True


@method("deleteWebhook", "drop_pending_updates")
def delete_webhook(world: World, args: Args) -> bool:
    """Deliver to nowhere: the bot will ask."""
    if args.flag("drop_pending_updates"):
        world.updates.clear()
    world.deliverer.set(Webhook())
    return True


@method("getWebhookInfo")
def get_webhook_info(world: World, _: Args) -> Any:
    """Where updates go, and how it has been going."""
    allowed = None if world.updates.allowed == DEFAULT else sorted(world.updates.allowed)
    return world.deliverer.webhook.json(len(world.updates), allowed)


@method("close")
def close(_: World, __: Args) -> bool:
    """Leave this server for another one; here there is only this one."""
    return True


@method("logOut")
def log_out(_: World, __: Args) -> bool:
    """Leave the cloud server for a local one; here there is only this one."""
    return True
