"""The words of Seller Hub's transaction report in German, with their meanings.

Headers and types are those that sellers' files and programs that read them have been seen to have;
no list of eBay's own exists. Words that are in no list stay unchanged: nothing is guessed.
UNCONFIRMED: the rarer types, months of four letters.
"""

from collections.abc import Sequence

_COLUMNS = {
    "datum der transaktionserstellung": "Transaction creation date",
    "typ": "Type",
    "bestellnummer": "Order number",
    "alte bestellnummer": "Legacy order ID",
    "nutzername des käufers": "Buyer username",
    "name des käufers": "Buyer name",
    "versandziel - ort": "Ship to city",
    "versandziel - bundesland/region": "Ship to province/region/state",
    "plz (versandziel)": "Ship to zip",
    "versandziel - land": "Ship to country",
    "betrag abzügl. kosten": "Net amount",
    "auszahlungswährung": "Payout currency",
    "auszahlungsdatum": "Payout date",
    "auszahlung nr.": "Payout ID",
    "auszahlungsmethode": "Payout method",
    "status der auszahlung": "Payout status",
    "grund für die einbehaltung": "Reason for hold",
    "artikelnummer": "Item ID",
    "transaktionsnummer": "Transaction ID",
    "artikelbezeichnung": "Item title",
    "bestandseinheit": "Custom label",
    "stückzahl": "Quantity",
    "zwischensumme artikel": "Item subtotal",
    "verpackung und versand": "Shipping and handling",
    "vom verkäufer eingezogene steuer": "Seller collected tax",
    "vom verkäufer angegebener mwst.-satz": "Seller specified VAT rate",
    "von ebay eingezogene steuer": "eBay collected tax",
    "von ebay einbehaltene steuer": "eBay collected tax",
    "fixer anteil der verkaufsprovision": "Final Value Fee - fixed",
    "variabler anteil der verkaufsprovision": "Final Value Fee - variable",
    "gebühr für sehr hohe quote an nicht wie beschriebenen artikeln": (
        'Very high "item not as described" fee'
    ),
    "gebühr für unterdurchschnittlichen servicestatus": "Below standard performance fee",
    "internationale gebühr": "International fee",
    "transaktionsbetrag (inkl. kosten)": "Gross transaction amount",
    "transaktionswährung": "Transaction currency",
    "wechselkurs": "Exchange rate",
    "referenznummer": "Reference ID",
    "beschreibung": "Description",
}
TYPES = {
    "bestellung": "Order",
    "rückerstattung": "Refund",
    "auszahlung": "Payout",
    "einbehaltung": "Hold",
    "versandetikett": "Shipping label",
    "andere gebühr": "Other fee",
    "zahlungsreklamation": "Payment dispute",
    "fall": "Claim",
}
MONTHS = {"Mär": "Mar", "Mrz": "Mar", "Mai": "May", "Okt": "Oct", "Dez": "Dec"}
# Words that no other report's header has beside each other, by language.
_OTHERS = {
    "French": ("numéro de commande", "montant net"),
    "Italian": ("numero ordine", "importo netto"),
    "Spanish": ("número de pedido", "importe neto"),
}


def plain(word: str) -> str:
    """Return a word as it is compared: one case, one blank, no quotation marks."""
    return " ".join(word.translate(dict.fromkeys(map(ord, "\"„“”'"))).split()).casefold()


def columns(names: Sequence[str]) -> tuple[str, ...]:
    """Return the column names of a header in English; an unknown one keeps its name."""
    return tuple(_COLUMNS.get(plain(name), name.strip()) for name in names)


def language(names: Sequence[str]) -> str | None:
    """Return the language of a header that is a report's and cannot be read."""
    plain_names = {plain(name) for name in names}
    for name, words in _OTHERS.items():
        if plain_names.issuperset(words):
            return name
    # A tax that eBay collects stands in every report, and eBay's name in no other channel's.
    is_report = len(names) >= 20 and any("ebay" in plain(name) for name in names)
    return "another language" if is_report else None
