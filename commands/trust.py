"""`!trust`: who can be told from an impostor here, and confirming a member whose identity has changed."""

from bot.commanding import Context, Reply, command, needs
from bot.commanding.spec import ANYWHERE
from bot.domain.pods import Member, Role
from bot.domain.values import Code
from bot.services import identity, trust_words
from bot.text import Text, _


@command(
    "trust",
    summary=_("Show the bot's fingerprint and whose devices are not verified."),
    who=Role.ANYONE,
    where=ANYWHERE,
    example=("!trust", "My fingerprint is"),
)
async def trust(ctx: Context) -> Reply:
    """Show the bot's own fingerprint, and the members without an identity or with devices they did not verify.

    Keys of what the bot says go only to verified devices of people who have an identity, and only those can give
    commands; the operator can set this differently.
    """
    return await trust_words.describe(ctx.tx, ctx.room)


@command(
    "trust ok",
    summary=_("Confirm that a member whose identity changed is still that member."),
    example=("!trust ok @di:test", "confirms that this is Di"),
)
async def trust_ok(ctx: Context, who: Member) -> Reply:
    """Confirm somebody's new identity, after asking them in person or by phone; nobody confirms themselves."""
    return await identity.confirm(ctx.tx, ctx.now, ctx.room, ctx.sender, who)


@needs
async def identities_to_confirm(ctx: Context) -> list[Text]:
    """List the members whose identity waits for somebody to ask them."""
    return [
        Text(
            "{who}'s identity has changed. Once you have asked {who} in person or by phone: {ok}",
            who=member.person,
            ok=Code(f"!trust ok {member.user_id}"),
        )
        for member in await identity.to_confirm(ctx.tx, ctx.room, ctx.sender)
    ]
