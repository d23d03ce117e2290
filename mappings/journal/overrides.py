"""Overrides: the account or tax code of some lines of a category, by where and what was sold.

They are read from first to last, and the first that fits a line decides. What an override does not
say stays as the category's.
"""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from mappings.taxonomy import categories

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Country = Annotated[str, StringConstraints(pattern="^[A-Z]{2}$")]


class When(BaseModel):
    """The lines that an override is about: all that is given must fit, an empty list fits all.

    `categories` are names, or beginnings that end in `*`. `marketplaces` and `fulfilment` are in
    the channel's words, in any case; `countries` are where the goods went (ISO 3166 alpha-2).
    `skus` may end in `*`, so that a group of SKUs with one beginning is one entry. `gateways` are
    who else took the money, as the account of the role gateway names them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    categories: tuple[Text, ...] = ()
    marketplaces: tuple[Text, ...] = ()
    countries: tuple[Country, ...] = ()
    fulfilment: tuple[Text, ...] = ()
    skus: tuple[Text, ...] = ()
    gateways: tuple[Text, ...] = ()

    @model_validator(mode="after")
    def _known_categories(self) -> Self:
        for pattern in self.categories:
            if not matching(pattern):
                raise ValueError(
                    f"no category is called {pattern!r}; `daybook mappings show` lists them"
                )
        return self

    @property
    def names(self) -> list[str]:
        """Return the categories it is about, each by its name."""
        chosen = {name for pattern in self.categories for name in matching(pattern)}
        return [name for name in categories() if name in chosen or not self.categories]


class Override(BaseModel):
    """An account, a tax code or both for some lines."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    when: When
    account: Text | None = None
    tax_code: Text | None = Field(default=None)

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.account is None and self.tax_code is None:
            raise ValueError("an override names an account, a tax code or both")
        if self.when == When():
            raise ValueError(
                "an override of every line is no override: name the categories, marketplaces, "
                "countries, fulfilment, skus or gateways it is about"
            )
        return self


def matching(pattern: str) -> list[str]:
    """Return the categories that a name, or a beginning with `*`, stands for."""
    if pattern.endswith("*"):
        return [name for name in categories() if name.startswith(pattern[:-1])]
    return [pattern] if pattern in categories() else []
