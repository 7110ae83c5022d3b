/**
 * Opens, answers, ends and counts native polls.
 *
 * Rule: events are made by the SDK's own poll classes and counted by its own Poll model, as Element does.
 */
import { M_POLL_KIND_DISCLOSED, M_POLL_KIND_UNDISCLOSED, PollEvent } from "matrix-js-sdk";
import { PollEndEvent } from "matrix-js-sdk/lib/extensible_events_v1/PollEndEvent.js";
import { PollResponseEvent } from "matrix-js-sdk/lib/extensible_events_v1/PollResponseEvent.js";
import { PollStartEvent } from "matrix-js-sdk/lib/extensible_events_v1/PollStartEvent.js";

async function send(client, roomId, { type, content }) {
    return (await client.sendEvent(roomId, type, content)).event_id;
}

async function pollOf({ client, seen }, roomId, eventId) {
    const room = client.getRoom(roomId);
    const start = seen.get(eventId)?.event;
    // The room makes its model of a poll a few steps after the event was shown.
    if (room && start && !room.polls.has(eventId)) await room.processPollEvents([start]);
    const poll = room?.polls.get(eventId);
    if (!poll) throw new Error(`${eventId} is no poll that this member can read`);
    return poll;
}

export async function openPoll({ client }, { room_id: roomId, question, answers, disclosed, max_selections: most }) {
    const kind = disclosed ? M_POLL_KIND_DISCLOSED : M_POLL_KIND_UNDISCLOSED;
    return send(client, roomId, PollStartEvent.from(question, answers, kind, most).serialize());
}

export async function answerPoll(member, { room_id: roomId, event_id: eventId, answers, stable }) {
    const offered = (await pollOf(member, roomId, eventId)).pollEvent.answers.map((answer) => answer.id);
    const ids = answers.map((answer) => (typeof answer === "number" ? offered[answer] : answer));
    if (ids.includes(undefined)) throw new Error(`the poll has only ${offered.length} answers`);
    if (!stable) return send(member.client, roomId, PollResponseEvent.from(ids, eventId).serialize());
    const content = { "m.selections": ids, "m.relates_to": { rel_type: "m.reference", event_id: eventId } };
    return send(member.client, roomId, { type: "m.poll.response", content });
}

export async function endPoll({ client }, { room_id: roomId, event_id: eventId, text }) {
    return send(client, roomId, PollEndEvent.from(eventId, text).serialize());
}

/** Counts as Element's poll tile: the last valid response of each sender. */
export async function pollResults(member, { room_id: roomId, event_id: eventId }) {
    const poll = await pollOf(member, roomId, eventId);
    const responses = await allResponses(poll);
    const last = new Map();
    for (const event of responses) {
        if (event.isRedacted()) continue;
        const before = last.get(event.getSender());
        if (!before || before.getTs() <= event.getTs()) last.set(event.getSender(), event);
    }
    const voters = {};
    for (const [sender, event] of last) {
        const response = event.unstableExtensibleEvent;
        response?.validateAgainst(poll.pollEvent);
        if (response && !response.spoiled) voters[sender] = response.answerIds;
    }
    const answers = poll.pollEvent.answers.map(({ id, text }) => {
        const votes = Object.values(voters).filter((ids) => ids.includes(id)).length;
        return { id, text, votes };
    });
    return { question: poll.pollEvent.question.text, answers, voters, ended: poll.isEnded,
        undecryptable: poll.undecryptableRelationsCount };
}

/** The model answers with its first page of responses and fetches the others by itself. */
async function allResponses(poll) {
    const first = await poll.getResponses();
    if (!poll.isFetchingResponses) return first.getRelations();
    return new Promise((resolve) => {
        poll.on(PollEvent.Responses, function listen(responses) {
            if (poll.isFetchingResponses) return;
            poll.off(PollEvent.Responses, listen);
            resolve(responses.getRelations());
        });
    });
}
