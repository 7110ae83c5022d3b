"""A homeserver that adds malformed parts to one answer, or changes it, as a test says."""

from __future__ import annotations

import json
from collections.abc import Callable

from aiohttp import web

from tests.homeserver.server import Homeserver
from tests.homeserver.world import Json, World


class Poisoner(Homeserver):
    """A homeserver whose next answer about one room is poisoned."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.poisoned = ""
        """The room with whose next news the poison comes."""
        self.add: dict[str, list[str]] = {}
        """What comes: as text, because not all of it is JSON that Python can write. By place: `timeline` and `state`
        of that room, `invite` of another one, `to_device`."""
        self.bend: Callable[[Json], Json] | None = None
        """Changes the next answer."""

    async def _sync(self, request: web.Request) -> web.StreamResponse:
        response = await super()._sync(request)
        assert isinstance(response, web.Response)
        answer = json.loads(response.text or "")
        if self.bend is not None:
            bend, self.bend = self.bend, None
            return _written(json.dumps(bend(answer)))
        return _written(self._with_poison(answer)) if self.poisoned in answer["rooms"]["join"] else response

    def _with_poison(self, answer: Json) -> str:
        room, self.poisoned = answer["rooms"]["join"][self.poisoned], ""
        invited: list[str] = []
        answer["rooms"]["invite"]["!dark:test"] = {"invite_state": {"events": invited}}
        places = {
            "timeline": room["timeline"]["events"],
            "state": room["state"]["events"],
            "invite": invited,
            "to_device": answer["to_device"]["events"],
        }
        parts = []
        for place, texts in self.add.items():
            for text in texts:
                places[place].insert(0, f"@@{len(parts)}@@")
                parts.append(text)
        written = json.dumps(answer)
        for index, part in enumerate(parts):
            written = written.replace(f'"@@{index}@@"', part)
        return written


def _written(text: str) -> web.Response:
    return web.Response(text=text, content_type="application/json")
