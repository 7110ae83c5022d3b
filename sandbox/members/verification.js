/**
 * Lets a member verify others by comparing emoji or numbers, as Element's dialogue does.
 *
 * Rule: the steps are the SDK's own; an order is answered when the member's own client has come to its end.
 */
import { CryptoEvent } from "matrix-js-sdk/lib/crypto-api/CryptoEvent.js";
import { VerificationPhase, VerificationRequestEvent, VerifierEvent } from "matrix-js-sdk/lib/crypto-api/verification.js";

function flowOf(member, number) {
    const flow = member.verifications?.[number];
    if (!flow) throw new Error(`no verification ${number}`);
    return flow;
}

/** Waits until the request is in one of the phases, or over. */
async function reached(request, ...phases) {
    const ends = [...phases, VerificationPhase.Cancelled, VerificationPhase.Done];
    if (ends.includes(request.phase)) return;
    await new Promise((resolve) => {
        request.on(VerificationRequestEvent.Change, function listen() {
            if (!ends.includes(request.phase)) return;
            request.off(VerificationRequestEvent.Change, listen);
            resolve();
        });
    });
}

function told({ request }) {
    const { cancellationCode: code, cancellingUserId: by } = request;
    return { phase: VerificationPhase[request.phase], code: code ?? null, by: by ?? null };
}

async function ask(member, { user_id: userId, room_id: roomId, device_id: deviceId, methods }) {
    const { crypto } = member;
    crypto.setSupportedVerificationMethods(methods ?? undefined);
    const request = roomId
        ? await crypto.requestVerificationDM(userId, roomId)
        : await crypto.requestDeviceVerification(userId, deviceId);
    member.verifications ??= [];
    return member.verifications.push({ request, verifier: null, shown: null }) - 1;
}

async function ready(member, { verification }) {
    const flow = flowOf(member, verification);
    await reached(flow.request, VerificationPhase.Ready);
    return told(flow);
}

/** Starts comparing; answers what the member's app shows, or how it ended before that. */
async function start(member, { verification }) {
    const flow = flowOf(member, verification);
    await reached(flow.request, VerificationPhase.Ready);
    if (flow.request.phase !== VerificationPhase.Ready) return { ...told(flow), decimal: null, emoji: null };
    const verifier = (flow.verifier = await flow.request.startVerification("m.sas.v1"));
    const shown = new Promise((resolve) => verifier.on(VerifierEvent.ShowSas, resolve));
    flow.ended = verifier.verify().catch(() => {}); // how it ended is told by the request
    flow.shown = await Promise.race([shown, flow.ended.then(() => null), reached(flow.request).then(() => null)]);
    const { decimal, emoji } = flow.shown?.sas ?? {};
    return { ...told(flow), decimal: decimal ?? null, emoji: emoji ?? null };
}

/** Waits until the app itself counts the user as verified, a few steps after the request says that it is done. */
async function verified({ client, crypto }, userId) {
    for (;;) {
        const changed = new Promise((resolve) => client.once(CryptoEvent.UserTrustStatusChanged, resolve));
        if ((await crypto.getUserVerificationStatus(userId)).isCrossSigningVerified()) return;
        await changed;
    }
}

async function end(member, { verification }) {
    const flow = flowOf(member, verification);
    await reached(flow.request);
    if (flow.request.phase === VerificationPhase.Done) await verified(member, flow.request.otherUserId);
    return told(flow);
}

export const verificationOperations = {
    verification_ask: ask,
    verification_told: async (member, { verification }) => told(flowOf(member, verification)),
    verification_ready: ready,
    verification_start: start,
    verification_confirm: async (member, { verification }) => void (await flowOf(member, verification).shown.confirm()),
    verification_mismatch: async (member, { verification }) => void flowOf(member, verification).shown.mismatch(),
    verification_cancel: async (member, { verification }) => void (await flowOf(member, verification).request.cancel()),
    verification_end: end,
};
