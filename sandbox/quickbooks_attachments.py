"""Attachables of a QuickBooks company: files that belong to journal entries.

Elements: the XSD of minor version 75. Parts of `/upload`: Intuit's pages on attachments, and its
own clients.
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import FormData, UploadFile

_OF_ENTITY = re.compile(
    r"select \* from Attachable where AttachableRef\.EntityRef\.Type = '(\w+)' and "
    r"AttachableRef\.EntityRef\.value = '(\w+)' startposition (\d+) maxresults (\d+)",
    re.IGNORECASE,
)
Record = dict[str, Any]


@dataclass
class CompanyFiles:
    """A company's Attachables by id, with their bytes."""

    records: dict[str, Record] = field(default_factory=dict)
    contents: dict[str, bytes] = field(default_factory=dict)

    async def add(self, form: FormData) -> list[Record]:
        """Take the pairs of an upload; return an Attachable or a Fault for each."""
        answers = []
        for part in sorted(name for name in form if name.startswith("file_metadata_")):
            metadata, file = form[part], form[part.replace("metadata", "content")]
            assert isinstance(metadata, UploadFile)
            assert isinstance(file, UploadFile)
            document, content = json.loads(await metadata.read()), await file.read()
            answers.append(self._added(document, content))
        return answers

    def query(self, text: str) -> list[Record] | None:
        """Return what a query finds; None where it asks for something else."""
        match = _OF_ENTITY.fullmatch(text.strip())
        if match is None:
            return None
        entity = {"type": match[1], "value": match[2]}
        start, most = int(match[3]) - 1, int(match[4])
        records = [
            record
            for record in self.records.values()
            if any(reference["EntityRef"] == entity for reference in record["AttachableRef"])
        ]
        return records[start : start + most]

    def names(self, entry: str) -> list[str]:
        """Return the names of an entry's files."""
        return [
            record["FileName"]
            for record in self.records.values()
            if record["AttachableRef"][0]["EntityRef"]["value"] == entry
        ]

    def _added(self, document: Record, content: bytes) -> Record:
        if not document.get("FileName") or not content:
            error = {"Message": "Required param missing", "Detail": "", "code": "2020"}
            return {"Fault": {"Error": [error], "type": "ValidationFault"}}
        number = str(5000 + len(self.records))
        self.contents[number] = content
        self.records[number] = {
            **document,
            "Id": number,
            "SyncToken": "0",
            "domain": "QBO",
            "sparse": False,
            "Size": len(content),
            "FileAccessUri": f"/v3/company/files/{number}",
        }
        return {"Attachable": self.records[number]}
