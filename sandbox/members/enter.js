/**
 * Logs a member in as a person's app does: real encryption, a cross-signed device, a lean sync.
 *
 * Rule: a member is as strict as Element's "exclude insecure devices" unless it asks to be lax.
 */
import { ClientEvent, Filter, PendingEventOrdering, SyncState, createClient } from "matrix-js-sdk";
import { AllDevicesIsolationMode, OnlySignedDevicesIsolationMode } from "matrix-js-sdk/lib/crypto-api/index.js";

import { crossSign } from "./identities.js";
import { watch } from "./watch.js";

/** Synapse answers at most 100 events a room and sync; watch.js pages the rest back. */
const TIMELINE = 100;

/** Asks again after the time the server names, as people's apps do when they are rate limited. */
async function patientFetch(resource, options) {
    for (;;) {
        const answer = await fetch(resource, options);
        if (answer.status !== 429) return answer;
        const { retry_after_ms: wait } = await answer.json();
        await new Promise((resolve) => setTimeout(resolve, wait ?? 1000));
    }
}

export async function enter(request, push) {
    const { url, user, password, strict, cross_signed: crossSigned, accept_invites: acceptInvites } = request;
    const login = await createClient({ baseUrl: url, fetchFn: patientFetch }).loginRequest({
        type: "m.login.password",
        identifier: { type: "m.id.user", user },
        password,
        initial_device_display_name: "scripted member",
    });
    const member = { push, acceptInvites, paused: null };
    const client = createClient({
        baseUrl: url,
        userId: login.user_id,
        deviceId: login.device_id,
        accessToken: login.access_token,
        timelineSupport: true,
        fetchFn: async (resource, options) => {
            const answer = await patientFetch(resource, options);
            if (new URL(resource).pathname.endsWith("/sync")) await member.paused;
            return answer;
        },
    });
    member.client = client;
    await client.initRustCrypto({ useIndexedDB: false });
    const crypto = client.getCrypto();
    crypto.setDeviceIsolationMode(
        strict ? new OnlySignedDevicesIsolationMode() : new AllDevicesIsolationMode(true),
    );
    member.crypto = crypto;
    watch(member);
    await start(client, login.user_id);
    if (crossSigned) await crossSign(crypto, login.user_id, password);
    return member;
}

async function start(client, user) {
    const filter = new Filter(user);
    filter.setDefinition({
        presence: { not_types: ["*"] },
        room: { timeline: { limit: TIMELINE }, ephemeral: { types: ["m.receipt"] } },
    });
    const started = new Promise((resolve, reject) => {
        client.on(ClientEvent.Sync, function listen(state, _, data) {
            if (state === SyncState.Prepared) resolve();
            else if (state === SyncState.Error) reject(data?.error ?? new Error("the first sync failed"));
            else return;
            client.off(ClientEvent.Sync, listen);
        });
    });
    await client.startClient({
        filter,
        initialSyncLimit: TIMELINE,
        disablePresence: true,
        lazyLoadMembers: false,
        // Threads would leave the room's one timeline, whose order the tests rely on.
        threadSupport: false,
        pendingEventOrdering: PendingEventOrdering.Detached,
    });
    await started;
}
