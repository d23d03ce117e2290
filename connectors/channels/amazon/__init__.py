"""Amazon: settlement and transaction reports, from the Selling Partner API and Seller Central."""

from connectors.channels.amazon import notifications, queue
from connectors.channels.amazon.formats import FORMATS
from connectors.channels.amazon.order_files import ORDER_FILES
from connectors.channels.amazon.settlement_links import link_settlements
from connectors.channels.amazon.streams import STREAMS
from connectors.channels.amazon.subscriptions import subscribe
from connectors.channels.amazon.sync import read
from connectors.channels.base import Channel
from connectors.channels.notifications import NotificationSupport

CHANNEL = Channel(
    name="amazon",
    title="Amazon",
    file="settlement report, flat file V2 or V1 (.txt), or transaction report (.csv)",
    default_time_zone="UTC",
    formats=FORMATS,
    link_settlements=link_settlements,
    read=read,
    streams=STREAMS,
    order_files=ORDER_FILES,
    # Data Protection Policy: personal data goes 30 days after delivery at the latest.
    most_personal_days=30,
    contiguous=True,
    carries=True,
    notifications=NotificationSupport(
        fields=queue.FIELDS,
        address="queue_url",
        open_queue=queue.open_queue,
        subscribe=subscribe,
        parse=notifications.parse,
        is_about=notifications.is_about,
    ),
)

__all__ = ["CHANNEL"]
