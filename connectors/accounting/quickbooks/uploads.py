"""Files of a QuickBooks company's entries: Attachables, uploaded with what they belong to.

Facts: Intuit's XSD of minor version 75 and its pages on attachments: `/upload` takes pairs of
parts, `file_metadata_NN` and `file_content_NN`, and answers each with an Attachable or a Fault.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import orjson

from connectors.accounting.attachments import Attachment, unattached
from connectors.accounting.quickbooks.booked import JOURNAL_ENTRY
from connectors.errors import Permanent

ATTACHABLE: Final = "Attachable"
_OF: Final = " where AttachableRef.EntityRef.Type = '{}' and AttachableRef.EntityRef.value = '{}'"


def attach(
    call: Callable[..., Any],
    listed: Callable[[str, str], list[Mapping[str, Any]]],
    reference: str,
    files: Sequence[Attachment],
) -> None:
    """Upload the files that an entry lacks, one call each; `Permanent` where one is refused."""
    kind, _, number = reference.rpartition("/")
    entity = {"type": kind or JOURNAL_ENTRY, "value": number}
    held = listed(ATTACHABLE, _OF.format(*entity.values()))
    for file in unattached(files, {each.get("FileName", "") for each in held}):
        metadata = {
            "AttachableRef": [{"EntityRef": entity}],
            "FileName": file.name,
            "ContentType": file.kind,
        }
        parts = {
            "file_metadata_01": ("metadata.json", orjson.dumps(metadata), "application/json"),
            "file_content_01": (file.name, file.content, file.kind),
        }
        (answer,) = call("POST", "/upload", files=parts)["AttachableResponse"]
        if "Fault" in answer:
            errors = answer["Fault"].get("Error", ())
            messages = "; ".join(str(error.get("Message")) for error in errors)
            raise Permanent(f"QuickBooks refuses {file.name}: {messages}")
