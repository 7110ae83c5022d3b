/**
 * Hosts scripted members, each a Matrix client with the engine inside Element, and takes its orders as JSON lines.
 *
 * Rule: standard output carries answers and pushed events only; whatever else is said goes to standard error.
 */
import { createInterface } from "node:readline";

import { logger } from "matrix-js-sdk/lib/logger.js";

import { enter } from "./enter.js";
import { forgetUnsent, operations } from "./operations.js";

logger.setLevel(process.env.SANDBOX_LOG ?? "error");
// The SDK and its WebAssembly part write to the console, which would break the lines of standard output.
const levels = ["trace", "debug", "log", "info", "warn", "error"];
const quiet = levels.indexOf(process.env.SANDBOX_LOG ?? "error");
for (const [place, level] of levels.entries()) {
    console[level] =
        place < quiet ? () => {} : (...words) => process.stderr.write(`${level}: ${words.map(String).join(" ")}\n`);
}

const members = new Map();

function write(line) {
    process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function carryOut({ op, member: name, ...request }) {
    if (op === "enter") {
        if (members.has(name)) throw new Error(`the member ${name} is here already`);
        const member = await enter(request, (push) => write({ ...push, member: name }));
        members.set(name, member);
        return { user_id: member.client.getUserId(), device_id: member.client.getDeviceId() };
    }
    const member = members.get(name);
    if (!member) throw new Error(`no member ${name}`);
    const operation = operations[op];
    if (!operation) throw new Error(`no operation ${op}`);
    const answer = await operation(member, request).catch((error) => {
        forgetUnsent(member, request.room_id);
        throw error;
    });
    if (op === "stop" || op === "logout") members.delete(name);
    return answer;
}

process.on("unhandledRejection", (reason) => console.error("unhandled", reason?.stack ?? reason));

const lines = createInterface({ input: process.stdin });
lines.on("line", async (line) => {
    const { id, ...request } = JSON.parse(line);
    try {
        write({ id, ok: (await carryOut(request)) ?? null });
    } catch (error) {
        console.error(request.op, error?.stack ?? error);
        write({ id, error: String(error?.message ?? error) });
    }
});
lines.on("close", () => process.exit(0));
write({ push: "ready" });
