"""Tax codes of a target by treatment: what its lines say of tax, in the target's own words."""

from typing import Self

from pydantic import BaseModel, ConfigDict, model_validator

from mappings.journal.overrides import Country, Text
from mappings.journal.tax.profile import Percent, Region
from mappings.journal.tax.rules import treatments


class TreatmentCode(BaseModel):
    """The tax code of lines of a treatment, of one country, region or rate where that is named.

    `treatment` is a name, or a beginning that ends in `*`; `rate` is in percent. They are read from
    first to last, and the first that fits decides.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    treatment: Text
    country: Country | None = None
    region: Region | None = None
    rate: Percent | None = None
    code: Text

    @model_validator(mode="after")
    def _treatment_exists(self) -> Self:
        if not self.names:
            listed = ", ".join(sorted(treatments()))
            raise ValueError(f"there is no treatment {self.treatment!r}; choose {listed}")
        return self

    @property
    def names(self) -> list[str]:
        """Return the treatments it is about."""
        if self.treatment.endswith("*"):
            return sorted(t for t in treatments() if t.startswith(self.treatment[:-1]))
        return [self.treatment] if self.treatment in treatments() else []
