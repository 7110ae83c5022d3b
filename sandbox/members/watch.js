/**
 * Reports what a member's own client sees: every event of every room as decrypted there, and every membership.
 *
 * Rule: an event has one position, its place in the server's order, and is reported again whenever what the member
 * sees of it changes: decrypted at last, or redacted.
 */
import { MatrixEventEvent, RoomEvent, RoomMemberEvent } from "matrix-js-sdk";
import { EventShieldColour, EventShieldReason } from "matrix-js-sdk/lib/crypto-api/index.js";

/** Room between two known parts of a timeline, for the events that a gap turns out to hold. */
const GAP = 1_000_000;
const PAGE = 100;

export function watch(member) {
    const { client, push } = member;
    member.seen = new Map(); // event id -> { event, position, shown }
    member.parts = new Map(); // room id -> { next, before }: positions for newer and for older events

    client.on(RoomEvent.Timeline, (event, room, toStart, removed, data) => {
        if (removed || !room || data.timeline.getTimelineSet() !== room.getUnfilteredTimelineSet()) return;
        report(member, event, room.roomId, toStart);
    });
    client.on(RoomEvent.TimelineReset, (room, timelineSet) => {
        if (!room || timelineSet !== room.getUnfilteredTimelineSet()) return;
        const part = partOf(member, room.roomId);
        part.next += GAP;
        part.before = part.next - 1;
        const token = room.getLiveTimeline().getPaginationToken("b");
        // js-sdk drops the gap's events until a person scrolls; the tests want them without scrolling.
        if (token) void pageBack(member, room, token).catch((error) => console.error("gap", error.stack));
    });
    client.on(MatrixEventEvent.Decrypted, (event) => {
        const record = member.seen.get(event.getId());
        if (record?.shown) void show(member, record);
    });
    client.on(RoomEvent.Redaction, (redaction) => markRedacted(member, redaction));
    client.on(RoomMemberEvent.Membership, (event, { roomId, userId, membership }) =>
        push({ push: "membership", room_id: roomId, user_id: userId, membership }),
    );
    client.on(RoomEvent.MyMembership, (room, membership) => {
        // A room that one was removed from reports no change of its members.
        push({ push: "membership", room_id: room.roomId, user_id: client.getUserId(), membership });
        if (membership !== "invite" || !member.acceptInvites) return;
        client.joinRoom(room.roomId).catch((error) => console.error("invitation", error.message));
    });
}

/** Fetches older events, newest first, until one is known or none is left. */
export async function pageBack(member, room, from) {
    const { client } = member;
    const map = client.getEventMapper();
    let token = from;
    while (token) {
        const page = await client.createMessagesRequest(room.roomId, token, PAGE, "b");
        const unknown = page.chunk.map(map).filter((event) => !member.seen.has(event.getId()));
        for (const event of unknown) report(member, event, room.roomId, true);
        await room.processPollEvents(unknown);
        token = unknown.length === page.chunk.length ? page.end : undefined;
    }
}

/** Says what the member sees of an event now. */
export async function look(member, { event, position }) {
    const redacted = event.isRedacted();
    const utd = redacted ? null : event.decryptionFailureReason;
    const encrypted = event.isEncrypted();
    const relation = event.getWireContent()["m.relates_to"];
    const content = utd ? event.getWireContent() : event.getOriginalContent();
    let shield = null;
    if (encrypted && !utd && !redacted) shield = await member.crypto.getEncryptionInfoForEvent(event);
    return {
        event_id: event.getId(),
        room_id: event.getRoomId(),
        sender: event.getSender(),
        type: utd ? event.getWireType() : event.getType(),
        state_key: event.getStateKey() ?? null,
        content: relation ? { ...content, "m.relates_to": relation } : content,
        origin_server_ts: event.getTs(),
        encrypted,
        shield: shield && EventShieldColour[shield.shieldColour],
        shield_reason: shield?.shieldReason == null ? null : EventShieldReason[shield.shieldReason],
        redacted,
        utd: utd ?? null,
        position,
    };
}

function partOf(member, roomId) {
    let part = member.parts.get(roomId);
    if (!part) member.parts.set(roomId, (part = { next: 0, before: -1 }));
    return part;
}

function report(member, event, roomId, toStart) {
    // Events of our own that are still on their way have a made-up id; they come again from the server.
    if (event.status !== null && event.getId().startsWith("~")) return;
    if (member.seen.has(event.getId())) return;
    const part = partOf(member, roomId);
    const record = { event, position: toStart ? part.before-- : part.next++, shown: false };
    member.seen.set(event.getId(), record);
    void show(member, record);
    if (event.getType() === "m.room.redaction") markRedacted(member, event);
}

function markRedacted(member, redaction) {
    const record = member.seen.get(redaction.getAssociatedId());
    const room = member.client.getRoom(redaction.getRoomId());
    if (!record || !room) return;
    if (!record.event.isRedacted()) record.event.makeRedacted(redaction, room);
    if (record.shown) void show(member, record);
}

async function show(member, record) {
    try {
        await member.client.decryptEventIfNeeded(record.event);
        const seen = await look(member, record);
        record.shown = true;
        member.push({ push: "event", seen });
    } catch (error) {
        console.error("show", error.stack);
    }
}
