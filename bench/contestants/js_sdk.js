/**
 * A bot on matrix-js-sdk with the engine inside Element, as a program on Node runs it: its keys are in memory.
 *
 * Rule: standard output carries answers only. The packages' folder is the first argument.
 */
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const packages = pathToFileURL(`${process.argv[2]}/matrix-js-sdk/lib/`);
const { ClientEvent, Filter, MatrixEventEvent, RoomEvent, SyncState, createClient } = await import(
    new URL("index.js", packages)
);
const { logger } = await import(new URL("logger.js", packages));

logger.setLevel("error");
for (const level of ["trace", "debug", "log", "info", "warn"]) console[level] = () => {};
const VOTE = "org.matrix.msc3381.poll.response";

let client;
let counted = 0;
let longest = 0;
const TICK = 10; // milliseconds
let last = performance.now();
setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - last - TICK);
    last = now;
}, TICK);

function write(line) {
    process.stdout.write(`${JSON.stringify(line)}\n`);
}

function hear(event) {
    if (event.getType() === VOTE) counted += 1;
    const body = event.getContent().body;
    if (event.getSender() === client.getUserId() || !body?.startsWith("!ping")) return;
    const relation = { "m.in_reply_to": { event_id: event.getId() } };
    void client.sendMessage(event.getRoomId(), { "msgtype": "m.text", "body": "pong", "m.relates_to": relation });
}

async function start({ url, user, device, token }) {
    client = createClient({ baseUrl: url, userId: user, deviceId: device, accessToken: token });
    await client.initRustCrypto({ useIndexedDB: false });
    client.on(RoomEvent.Timeline, (event) => {
        if (event.isBeingDecrypted() || event.isEncrypted()) event.once(MatrixEventEvent.Decrypted, hear);
        else hear(event);
    });
    const synced = new Promise((resolve) =>
        client.on(ClientEvent.Sync, (state) => state === SyncState.Prepared && resolve()),
    );
    const filter = new Filter(user);
    filter.setDefinition({ presence: { not_types: ["*"] }, room: { timeline: { limit: 50 } } });
    await client.startClient({ filter, initialSyncLimit: 50, lazyLoadMembers: false, disablePresence: true });
    await synced;
}

async function fanOut({ rooms, text, at_once: atOnce }) {
    const send = (room) => client.sendMessage(room, { msgtype: "m.text", body: text });
    if (atOnce === 1) for (const room of rooms) await send(room);
    else await Promise.all(rooms.map(send));
}

const operations = {
    start,
    // answered at once: what is sent is seen at the server
    fan_out: async (request) => {
        void fanOut(request).catch((error) => {
            console.error(error);
            process.exit(1);
        });
    },
    votes: async () => counted,
    longest_block: async () => {
        const found = longest / 1000;
        longest = 0;
        return found;
    },
    stop: async () => client.stopClient(),
};

process.on("unhandledRejection", (reason) => console.error("unhandled", reason?.stack ?? reason));
const lines = createInterface({ input: process.stdin });
lines.on("line", async (line) => {
    const { id, op, ...request } = JSON.parse(line);
    try {
        write({ id, ok: (await operations[op](request)) ?? null });
    } catch (error) {
        console.error(op, error?.stack ?? error);
        write({ id, error: String(error?.message ?? error) });
    }
});
lines.on("close", () => process.exit(0));
write({ push: "ready" });
