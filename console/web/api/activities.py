"""Activities: the last one of each connection, and those that run now."""

from fastapi import APIRouter
from pydantic import BaseModel

from console.web.api.dependencies import Here, Reader
from console.web.api.responses import ActivityResponse

router = APIRouter(tags=["activities"])


class ActivityList(BaseModel):
    """The activities that run now, and the last that ended for each connection."""

    running: list[ActivityResponse]
    last: list[ActivityResponse]


@router.get("/activities")
def list_activities(_who: Reader, console: Here) -> ActivityList:
    """Return what runs now, and how the last work of each connection ended."""
    running = console.registry.activities.running().values()
    last = console.registry.activities.latest().values()
    return ActivityList(
        running=[ActivityResponse.of(work) for work in running],
        last=[ActivityResponse.of(work) for work in last],
    )
