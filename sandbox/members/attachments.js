/**
 * Encrypts and decrypts attachments as the specification's "Sending encrypted attachments" says.
 *
 * Rule: the server gets ciphertext of a nameless octet stream; name and type travel in the encrypted event only.
 */
const { subtle } = globalThis.crypto;

const unpadded = (bytes) => Buffer.from(bytes).toString("base64").replace(/=+$/, "");
const counter = (iv) => ({ name: "AES-CTR", counter: iv, length: 64 });

async function upload(client, data) {
    const plain = Buffer.from(data, "base64");
    const key = await subtle.generateKey({ name: "AES-CTR", length: 256 }, true, ["encrypt", "decrypt"]);
    const iv = new Uint8Array(16);
    globalThis.crypto.getRandomValues(iv.subarray(0, 8)); // the lower half counts blocks
    const cipher = Buffer.from(await subtle.encrypt(counter(iv), key, plain));
    const stored = await client.uploadContent(cipher, { type: "application/octet-stream", includeFilename: false });
    return {
        v: "v2",
        url: stored.content_uri,
        key: await subtle.exportKey("jwk", key),
        iv: unpadded(iv),
        hashes: { sha256: unpadded(await subtle.digest("SHA-256", cipher)) },
    };
}

const size = (data) => Buffer.from(data, "base64").length;

export async function sendFile({ client }, { room_id: roomId, name, data, mimetype, caption, thumbnail }) {
    const info = { mimetype, size: size(data) };
    if (thumbnail) {
        info.thumbnail_file = await upload(client, thumbnail);
        info.thumbnail_info = { mimetype: "image/png", size: size(thumbnail), w: 8, h: 6 };
    }
    const msgtype = mimetype.startsWith("image/") ? "m.image" : "m.file";
    const file = await upload(client, data);
    const content = { msgtype, body: caption ?? name, filename: name, info, file };
    return (await client.sendEvent(roomId, "m.room.message", content)).event_id;
}

export async function download({ client }, { content }) {
    const { file } = content;
    const url = client.mxcUrlToHttp(file?.url ?? content.url, undefined, undefined, undefined, false, true, true);
    const answer = await fetch(url, { headers: { Authorization: `Bearer ${client.getAccessToken()}` } });
    if (!answer.ok) throw new Error(`the download was answered with ${answer.status}`);
    const bytes = Buffer.from(await answer.arrayBuffer());
    if (!file) return bytes.toString("base64");
    if (unpadded(await subtle.digest("SHA-256", bytes)) !== file.hashes.sha256.replace(/=+$/, "")) {
        throw new Error("the attachment's hash does not match");
    }
    const key = await subtle.importKey("jwk", file.key, "AES-CTR", false, ["decrypt"]);
    const iv = new Uint8Array(Buffer.from(file.iv, "base64"));
    return Buffer.from(await subtle.decrypt(counter(iv), key, bytes)).toString("base64");
}
