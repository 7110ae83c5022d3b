"""Who may approve what waits for an ok, and how many people it needs.

Rule: nobody approves what they asked for. What ties groups together takes spokes, what makes a proposal pass takes two pods, and
a pair does not decide by itself how far it may go.
"""

from __future__ import annotations

from bot.domain.errors import NotAllowed
from bot.domain.meetings import BY_TWO_PODS
from bot.domain.pods import Member, enter_needs
from bot.domain.values import Code, Person
from bot.domain.voices import APPROVERS, AssemblyVoices
from bot.services import spokes
from bot.store import pods, rooms
from bot.store import spokes as seats
from bot.store.database import Tx
from bot.store.requests import Request


def admins_needed(members: list[Member]) -> int:
    """Return how many admins let a pod in: two people, unless the room has only one admin."""
    return min(2, sum(member.admin for member in members)) or 1


async def check_may_approve(tx: Tx, request: Request, sender: Person) -> int:
    """Check that somebody may ok a request; returns how many people it needs."""
    if request.kind != "enter":
        if sender.user_id == request.asked_by:
            raise NotAllowed("You proposed {id}; it needs the ok of another member.", id=request.id)
        if not any(member.user_id == sender.user_id for member in await rooms.voices(tx, request.room_id)):
            raise NotAllowed("{id} needs the ok of a member with a voice.", id=request.id)
        await _check_not_the_pair_alone(tx, request, sender)
        await _check_second_pod(tx, request, sender)
        if request.kind != "setting" or await pods.find_assembly(tx, request.room_id) is None:
            return 1
        pairs = await spokes.pairs_of(tx, request.room_id)
        if enter_needs(pairs) == "spokes" and not any(sender.user_id in pair for pair in pairs.values()):
            raise NotAllowed(
                "{id} needs the ok of a spoke. {show} lists them.", id=request.id, show=Code("!assembly")
            )
        return 1
    pairs = await spokes.pairs_of(tx, request.room_id)
    if enter_needs(pairs) == "spokes":
        if not any(sender.user_id in pair for pair in pairs.values()):
            raise NotAllowed(
                "{id} needs the ok of two spokes. {show} lists them.", id=request.id, show=Code("!assembly")
            )
        return 2
    members = await rooms.members(tx, request.room_id)
    if not any(member.admin and member.user_id == sender.user_id for member in members):
        raise NotAllowed(
            "While there are fewer than two pods, {id} needs the ok of this room's admins.", id=request.id
        )
    return admins_needed(members)


async def _check_second_pod(tx: Tx, request: Request, sender: Person) -> None:
    """Check that what an assembly decided, and what makes its proposals pass, is touched by spokes of two pods."""
    touches = request.kind in ("renew", "reopen") or (
        request.kind == "setting" and request.key in BY_TWO_PODS
    )
    if not touches or await pods.find_assembly(tx, request.room_id) is None:
        return
    pairs = await spokes.pairs_of(tx, request.room_id)
    names = {pod.room_id: pod.name for pod in await pods.pods_of(tx, request.room_id)}
    voices = AssemblyVoices(
        {
            user: frozenset(names[pod] for pod, pair in pairs.items() if user in pair)
            for user in (request.asked_by, sender.user_id)
        }
    )
    if len(voices.counted([request.asked_by, sender.user_id])) < APPROVERS:
        raise NotAllowed(
            "{id} was asked for by one pod, so it needs the ok of a spoke of another pod. {show} lists them.",
            id=request.id,
            show=Code("!assembly"),
        )


async def _check_not_the_pair_alone(tx: Tx, request: Request, sender: Person) -> None:
    """Check that a pair does not decide by itself how far it may go, where anybody else has a voice."""
    if request.kind != "remit" and request.key != "remit":
        return
    pair = {seat.user_id for seat in await seats.seated(tx, request.room_id)}
    others = {member.user_id for member in await rooms.voices(tx, request.room_id)} - pair
    if {request.asked_by, sender.user_id} <= pair and others:
        raise NotAllowed(
            "{id} is about what your pair may say, so it needs the ok of a member who is no spoke.",
            id=request.id,
        )
