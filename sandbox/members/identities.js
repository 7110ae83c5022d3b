/**
 * A member's own identity: making it, starting anew, and vouching for another device of the same person.
 *
 * Rule: an order is answered when the server shows its effect to others.
 */
import { CryptoEvent } from "matrix-js-sdk/lib/crypto-api/index.js";

/** Makes the identity and signs the device with it; the server asks for the password only to replace one. */
export async function crossSign(crypto, user, password, more = {}) {
    await crypto.bootstrapCrossSigning({
        ...more,
        authUploadDeviceSigningKeys: async (makeRequest) => {
            try {
                await makeRequest(null);
            } catch (error) {
                if (error.httpStatus !== 401) throw error;
                await makeRequest({
                    type: "m.login.password",
                    identifier: { type: "m.id.user", user },
                    password,
                    session: error.data.session,
                });
            }
        },
    });
}

/** Waits until this client knows one of its own devices, which a sync tells it. */
async function knows(client, crypto, deviceId) {
    const user = client.getUserId();
    const known = async () => (await crypto.getUserDeviceInfo([user], true)).get(user)?.has(deviceId);
    await new Promise((resolve, reject) => {
        const look = async () => {
            if (!(await known())) return;
            client.off(CryptoEvent.DevicesUpdated, listen);
            resolve();
        };
        const listen = () => look().catch(reject);
        client.on(CryptoEvent.DevicesUpdated, listen);
        listen();
    });
}

async function signDevice({ client, crypto }, { device_id: deviceId }) {
    await knows(client, crypto, deviceId);
    await crypto.crossSignDevice(deviceId);
}

async function resetIdentity({ client, crypto }, { password }) {
    await crossSign(crypto, client.getUserId(), password, { setupNewCrossSigning: true });
}

export const identityOperations = { sign_device: signDevice, reset_identity: resetIdentity };
