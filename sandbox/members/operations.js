/**
 * What a member can be told to do, one function an order.
 *
 * Rule: an order is answered when it is true for this member's own client, not when the server has said yes.
 */
import { ClientEvent, EventStatus } from "matrix-js-sdk";

import { download, sendFile } from "./attachments.js";
import { identityOperations } from "./identities.js";
import { answerPoll, endPoll, openPoll, pollResults } from "./polls.js";
import { verificationOperations } from "./verification.js";
import { look, pageBack } from "./watch.js";

const ENCRYPTION = "m.room.encryption";
const MEGOLM = { algorithm: "m.megolm.v1.aes-sha2" };

/** Waits until the client's own state fulfils a condition, looking again after each sync. */
async function until(client, isTrue) {
    if (isTrue()) return;
    await new Promise((resolve) => {
        client.on(ClientEvent.Sync, function listen() {
            if (!isTrue()) return;
            client.off(ClientEvent.Sync, listen);
            resolve();
        });
    });
}

function roomOf(client, roomId) {
    const room = client.getRoom(roomId);
    if (!room) throw new Error(`${roomId} is not known to this member`);
    return room;
}

async function joined(client, roomId) {
    await until(client, () => client.getRoom(roomId)?.getMyMembership() === "join");
}

async function createRoom({ client }, request) {
    const { name, topic, invite, encrypted, preset, power } = request;
    const { history_visibility: visibility, room_version: version } = request;
    const state = [];
    if (encrypted) state.push({ type: ENCRYPTION, state_key: "", content: MEGOLM });
    if (visibility) {
        const content = { history_visibility: visibility };
        state.push({ type: "m.room.history_visibility", state_key: "", content });
    }
    const { room_id: roomId } = await client.createRoom({
        name,
        topic: topic ?? undefined,
        room_version: version ?? undefined,
        invite,
        preset,
        initial_state: state,
        power_level_content_override: power ?? undefined,
    });
    await until(client, () => {
        const room = client.getRoom(roomId);
        return room?.getMyMembership() === "join" && (!encrypted || room.hasEncryptionStateEvent());
    });
    return roomId;
}

async function setPower({ client }, { room_id: roomId, user_id: userId, level }) {
    await client.setPowerLevel(roomId, userId, level);
}

async function readReceipt({ client, seen }, { event_id: eventId }) {
    const record = seen.get(eventId);
    if (!record) throw new Error(`${eventId} was not seen by this member`);
    // Element's receipts name the thread; "main" is the room's own timeline.
    await client.sendReceipt(record.event, "m.read", { thread_id: record.event.threadRootId ?? "main" });
}

async function devices({ crypto }, { user_id: userId }) {
    const found = (await crypto.getUserDeviceInfo([userId], true)).get(userId) ?? new Map();
    return Promise.all(
        [...found.values()].map(async (device) => {
            const status = await crypto.getDeviceVerificationStatus(userId, device.deviceId);
            return {
                device_id: device.deviceId,
                display_name: device.displayName ?? null,
                ed25519: device.getFingerprint() ?? null,
                curve25519: device.getIdentityKey() ?? null,
                signed_by_owner: status?.signedByOwner ?? false,
                verified: status?.isVerified() ?? false,
            };
        }),
    );
}

async function userTrust({ crypto }, { user_id: userId }) {
    const status = await crypto.getUserVerificationStatus(userId);
    return {
        known: status.known ?? false,
        verified: status.isCrossSigningVerified(),
        was_verified: status.wasCrossSigningVerified(),
        needs_approval: status.needsUserApproval,
    };
}

async function lookAgain(member, { event_id: eventId }) {
    const record = member.seen.get(eventId);
    if (!record) throw new Error(`${eventId} was not seen by this member`);
    return look(member, record);
}

/** Holds back the answers of /sync, so that the client falls behind as on a phone without a network. */
async function pauseSync(member) {
    member.paused ??= new Promise((resolve) => (member.resume = resolve));
}

async function resumeSync(member) {
    member.resume?.();
    member.paused = null;
}

async function readBack(member, { room_id: roomId }) {
    const room = roomOf(member.client, roomId);
    const token = room.getLiveTimeline().getPaginationToken("b");
    if (token) await pageBack(member, room, token);
}

/** Gives up what could not be sent, as a person does who deletes it: until then the SDK sends nothing more there. */
export function forgetUnsent({ client }, roomId) {
    for (const event of client.getRoom(roomId)?.getPendingEvents() ?? []) {
        if (event.status === EventStatus.NOT_SENT) client.cancelPendingEvent(event);
    }
}

export const operations = {
    ...identityOperations,
    ...verificationOperations,
    create_room: createRoom,
    invite: async ({ client }, { room_id: roomId, user_id: userId }) => void (await client.invite(roomId, userId)),
    join: async ({ client }, { room_id: roomId }) => {
        await client.joinRoom(roomId);
        await joined(client, roomId);
    },
    leave: async ({ client }, { room_id: roomId }) => void (await client.leave(roomId)),
    kick: async ({ client }, { room_id: roomId, user_id: userId, reason }) =>
        void (await client.kick(roomId, userId, reason ?? undefined)),
    set_power: setPower,
    send_state: async ({ client }, { room_id: roomId, type, content, state_key: stateKey }) =>
        (await client.sendStateEvent(roomId, type, content, stateKey)).event_id,
    send: async ({ client }, { room_id: roomId, type, content }) => {
        await joined(client, roomId);
        return (await client.sendEvent(roomId, type, content)).event_id;
    },
    redact: async ({ client }, { room_id: roomId, event_id: eventId, reason }) =>
        (await client.redactEvent(roomId, eventId, undefined, reason ? { reason } : undefined)).event_id,
    read_receipt: readReceipt,
    look: lookAgain,
    pause_sync: pauseSync,
    resume_sync: resumeSync,
    read_back: readBack,
    open_poll: openPoll,
    answer_poll: answerPoll,
    end_poll: endPoll,
    poll_results: pollResults,
    send_file: sendFile,
    download,
    devices,
    user_trust: userTrust,
    approve_identity: async ({ crypto }, { user_id: userId }) => void (await crypto.pinCurrentUserIdentity(userId)),
    set_display_name: async ({ client }, { name }) => void (await client.setDisplayName(name)),
    invited_rooms: async ({ client }) =>
        client.getRooms().filter((room) => room.getMyMembership() === "invite").map((room) => room.roomId),
    joined_members: async ({ client }, { room_id: roomId }) =>
        roomOf(client, roomId).getJoinedMembers().map((member) => member.userId),
    stop: async ({ client }) => client.stopClient(),
    logout: async ({ client }) => void (await client.logout(true)),
};
