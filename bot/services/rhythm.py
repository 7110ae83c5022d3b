"""When a pod's handovers come, from its settings and those of its assembly.

Rule: what follows the assembly falls back on two weeks while the assembly has said no dates, so that nobody
serves for ever.
"""

from __future__ import annotations

from bot.domain.pods import Pod, Settings
from bot.domain.recurrence import Recurrence
from bot.domain.rhythm import Rhythm
from bot.store import pods
from bot.store.database import Tx


async def rhythm_of(tx: Tx, pod: Pod, settings: Settings) -> Rhythm:
    """Return when the handovers of a pod come."""
    meets = None
    if settings.follows_assembly and pod.assembly_room_id is not None:
        assembly = await pods.settings(tx, pod.assembly_room_id)
        meets = (Recurrence.load(assembly.meets), assembly.zone) if assembly.meets else None
    return Rhythm(
        settings.between_handovers, settings.handover_hour, settings.zone, settings.quiet_hours, meets
    )
