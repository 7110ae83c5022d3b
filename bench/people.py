"""Make the members of a world: their devices, keys and identities, as rows of Synapse's database.

Rule: every device is one that a strict app reads and writes to: its keys are signed by itself and by its owner's
identity, and it has one-time keys to be claimed. Nobody's client has to run for that.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import vodozemac

Json = dict[str, Any]

ALGORITHMS = ["m.olm.v1.curve25519-aes-sha2", "m.megolm.v1.aes-sha2"]
SIGNED = "signed_curve25519"
ONE_TIME_KEYS = 5
"""Of each device: a contestant claims one in a life, and a second one when it has lost its store."""
PICKLE_KEY = bytes(32)  # protects nothing: these people are made up


@dataclass(frozen=True)
class Device:
    """One device of somebody.

    Args:
        token: What it is logged in with.
        pickle: Its keys, for the devices that live.
    """

    user_id: str
    device_id: str
    token: str
    pickle: str


@dataclass(frozen=True)
class Person:
    """Somebody with one device or two."""

    user_id: str
    devices: tuple[Device, ...]


def canonical(thing: Json) -> bytes:
    """Write what is signed, as the specification says."""
    bare = {key: value for key, value in thing.items() if key not in ("signatures", "unsigned")}
    return json.dumps(bare, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


class Registry:
    """Writes people into the database of a Synapse that is stopped.

    Its tables are those of the pinned version; a new version needs a look at each of them.
    """

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self._now = int(time.time() * 1000)
        streams = ("device_lists_stream", "e2e_cross_signing_keys")
        self._stream = max(self._largest(table, "stream_id") for table in streams)
        self._token = self._largest("access_tokens", "id")

    def _largest(self, table: str, column: str) -> int:
        found = self._database.execute(f"SELECT coalesce(max({column}), 0) FROM {table}").fetchone()  # noqa: S608
        return int(found[0])

    def add(self, user_id: str, devices: int) -> Person:
        """Make a person with an identity and so many devices that it has signed."""
        localpart = user_id[1:].partition(":")[0]
        self._insert("users", name=user_id, creation_ts=self._now // 1000, approved=1)
        self._insert("profiles", user_id=localpart, displayname=localpart, full_user_id=user_id)
        # of an account only the key that it signs with is used: an identity is three such keys
        master, signer, other = (vodozemac.Account() for _ in range(3))
        for key, usage in ((master, "master"), (signer, "self_signing"), (other, "user_signing")):
            public = key.ed25519_key.to_base64()
            made: Json = {"user_id": user_id, "usage": [usage], "keys": {f"ed25519:{public}": public}}
            if usage != "master":
                made = _signed(made, user_id, master)
            self._stream += 1
            self._insert(
                "e2e_cross_signing_keys",
                user_id=user_id,
                keytype=usage,
                keydata=json.dumps(made),
                stream_id=self._stream,
                instance_name="master",
            )
        return Person(user_id, tuple(self._device(user_id, signer) for _ in range(devices)))

    def _device(self, user_id: str, signer: vodozemac.Account) -> Device:
        device_id, token = secrets.token_hex(5).upper(), f"syt_bench_{secrets.token_hex(12)}"
        account = vodozemac.Account()
        curve, ed = account.curve25519_key.to_base64(), account.ed25519_key.to_base64()
        keys: Json = {
            "user_id": user_id,
            "device_id": device_id,
            "algorithms": ALGORITHMS,
            "keys": {f"curve25519:{device_id}": curve, f"ed25519:{device_id}": ed},
        }
        own = {f"ed25519:{device_id}": account.sign(canonical(keys)).to_base64()}
        keys = _signed({**keys, "signatures": {user_id: own}}, user_id, signer)
        self._stream += 1
        self._token += 1
        self._insert("devices", user_id=user_id, device_id=device_id, hidden=0)
        self._insert(
            "access_tokens", id=self._token, user_id=user_id, device_id=device_id, token=token, used=1
        )
        self._insert(
            "device_lists_stream",
            stream_id=self._stream,
            user_id=user_id,
            device_id=device_id,
            instance_name="master",
        )
        self._insert(
            "e2e_device_keys_json",
            user_id=user_id,
            device_id=device_id,
            ts_added_ms=self._now,
            key_json=json.dumps(keys),
        )
        account.generate_one_time_keys(ONE_TIME_KEYS)
        for key_id, public in account.one_time_keys.items():
            one: Json = {"key": public.to_base64()}
            signature = account.sign(canonical(one)).to_base64()
            self._insert(
                "e2e_one_time_keys_json",
                user_id=user_id,
                device_id=device_id,
                algorithm=SIGNED,
                key_id=key_id,
                ts_added_ms=self._now,
                key_json=json.dumps({**one, "signatures": {user_id: {f"ed25519:{device_id}": signature}}}),
            )
        account.mark_keys_as_published()
        return Device(user_id, device_id, token, account.pickle(PICKLE_KEY))

    def _insert(self, table: str, **row: Any) -> None:
        names, marks = ", ".join(row), ", ".join("?" * len(row))
        self._database.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(row.values()))  # noqa: S608


def _signed(thing: Json, user_id: str, key: vodozemac.Account) -> Json:
    """Return the object with one more signature."""
    name = f"ed25519:{key.ed25519_key.to_base64()}"
    signatures = {user: dict(made) for user, made in thing.get("signatures", {}).items()}
    signatures.setdefault(user_id, {})[name] = key.sign(canonical(thing)).to_base64()
    return {**thing, "signatures": signatures}


def add_people(database: sqlite3.Connection, wanted: Iterable[tuple[str, int]]) -> list[Person]:
    """Write people into a database, each with so many devices, in one transaction."""
    with database:
        registry = Registry(database)
        return [registry.add(user_id, devices) for user_id, devices in wanted]
