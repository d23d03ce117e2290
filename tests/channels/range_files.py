# ruff: noqa: RUF001
"""Transaction reports of Amazon as a test needs them: Monthly Unified Transaction, in languages."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

Row = dict[str, str]

US = (
    "date/time", "settlement id", "type", "order id", "sku", "description", "quantity",
    "marketplace", "account type", "fulfillment", "order city", "order state", "order postal",
    "tax collection model", "product sales", "product sales tax", "shipping credits",
    "shipping credits tax", "gift wrap credits", "giftwrap credits tax", "Regulatory Fee",
    "Tax On Regulatory Fee", "promotional rebates", "promotional rebates tax",
    "marketplace withheld tax", "selling fees", "fba fees", "other transaction fees", "other",
    "total", "Transaction Status", "Transaction Release Date",
)  # fmt: skip
GERMAN = (
    "Datum/Uhrzeit", "Abrechnungsnummer", "Typ", "Bestellnummer", "SKU", "Beschreibung", "Menge",
    "Marketplace", "Versand", "Ort der Bestellung", "Bundesland", "Postleitzahl",
    "Steuererhebungsmodell", "Umsätze", "Produktumsatzsteuer", "Gutschrift für Versandkosten",
    "Steuer auf Versandgutschrift", "Gutschrift für Geschenkverpackung",
    "Steuer auf Geschenkverpackungsgutschriften", "Rabatte aus Werbeaktionen",
    "Steuer auf Aktionsrabatte", "Einbehaltene Steuer auf Marketplace", "Verkaufsgebühren",
    "Gebühren zu Versand durch Amazon", "Andere Transaktionsgebühren", "Andere", "Gesamt",
)  # fmt: skip
FRENCH = (
    "date/heure", "numéro de versement", "type", "numéro de la commande", "sku", "description",
    "quantité", "Marketplace", "traitement", "ville d'où provient la commande",
    "Région d'où provient la commande", "code postal de la commande",
    "Modèle de perception des taxes", "ventes de produits", "Taxes sur la vente des produits",
    "crédits d'expédition", "taxe sur les crédits d’expédition", "crédits sur l'emballage cadeau",
    "Taxes sur les crédits cadeaux", "Rabais promotionnels",
    "Taxes sur les remises promotionnelles", "Taxes retenues sur le site de vente",
    "frais de vente", "Frais Expédié par Amazon", "autres frais de transaction", "autre", "total",
)  # fmt: skip
JAPANESE = (
    "日付/時間", "決済番号", "トランザクションの種類", "注文番号", "SKU", "説明", "数量",
    "Amazon 出品サービス", "フルフィルメント", "市町村", "都道府県", "郵便番号", "税金徴収型",
    "商品売上", "商品の売上税", "配送料", "配送料の税金", "ギフト包装手数料",
    "ギフト包装クレジットの税金", "Amazonポイントの費用", "プロモーション割引額",
    "プロモーション割引の税金", "源泉徴収税を伴うマーケットプレイス", "手数料", "FBA 手数料",
    "トランザクションに関するその他の手数料", "その他", "合計",
)  # fmt: skip
INDIAN = (
    "date/time", "settlement id", "type", "order id", "Sku", "description", "quantity",
    "marketplace", "account type", "fulfillment", "order city", "order state", "order postal",
    "product sales", "shipping credits", "gift wrap credits", "promotional rebates",
    "Total sales tax liable(GST before adjusting TCS)", "TCS-CGST", "TCS-SGST", "TCS-IGST",
    "TDS (Section 194-O)", "selling fees", "fba fees", "other transaction fees", "other", "total",
    "Transaction Status", "Transaction Release Date",
)  # fmt: skip


@dataclass(frozen=True)
class Site:
    """How one site writes its reports; `money` is the first column that is an amount."""

    columns: tuple[str, ...]
    money: str
    currency: str
    marketplace: str
    decimal: str = "."
    group: str = ","
    above: int = 7

    @property
    def amounts(self) -> tuple[str, ...]:
        """The columns that are amounts, without the total."""
        return self.columns[self.columns.index(self.money) : self.columns.index(self.total)]

    @property
    def total(self) -> str:
        """The column of the row's sum."""
        total_names = ("total", "Gesamt", "合計")
        return next(c for c in self.columns if c in total_names)

    def written(self, value: Decimal) -> str:
        """An amount in the site's form."""
        if not value:
            return "0"
        plain = f"{value:,.2f}" if self.currency != "JPY" else f"{value:,.0f}"
        return plain.translate(str.maketrans({",": self.group, ".": self.decimal}))


AMERICA = Site(US, "product sales", "USD", "amazon.com")
GERMANY = Site(GERMAN, "Umsätze", "EUR", "amazon.de", ",", ".")
FRANCE = Site(FRENCH, "ventes de produits", "EUR", "amazon.fr", ",", "\u202f", above=9)
JAPAN = Site(JAPANESE, "商品売上", "JPY", "amazon.jp")
INDIA = Site(INDIAN, "product sales", "INR", "amazon.in", above=5)


def row(site: Site, at: str, settlement: str, kind: str, **columns: str) -> Row:
    """One row: texts by the place of their column, `a3` being the fourth amount."""
    texts = dict(zip(site.columns[3:8], ("", "", "", "", ""), strict=True))
    cells = {name: value for name, value in columns.items() if not name[1:].isdigit()}
    order, sku, description, quantity, _ = site.columns[3:8]
    texts |= {
        order: cells.get("order", ""),
        sku: cells.get("sku", ""),
        description: cells.get("description", ""),
        quantity: cells.get("quantity", ""),
    }
    amounts = {c: Decimal(columns.get(f"a{i}", "0")) for i, c in enumerate(site.amounts)}
    total = sum(amounts.values(), Decimal(0))
    values_by_column = {
        site.columns[0]: at,
        site.columns[1]: settlement,
        site.columns[2]: kind,
        **texts,
        site.columns[7]: site.marketplace if cells.get("order") else "",
        **{c: site.written(v) for c, v in amounts.items()},
        site.total: site.written(total),
    }
    if "Transaction Status" in site.columns:
        values_by_column["Transaction Status"] = cells.get("status", "Released")
    return values_by_column


def report(site: Site, rows: Sequence[Mapping[str, str]], newline: str = "\n") -> str:
    """A whole file: definitions, the header, the rows."""
    out = io.StringIO()
    out.write(
        f'"Includes Amazon Marketplace and Fulfillment by Amazon (FBA) transactions"{newline}'
    )
    out.write(f'"All amounts in {site.currency}, unless specified"{newline}')
    out.write(f'"Definitions:"{newline}' * (site.above - 2))
    writer = csv.DictWriter(out, site.columns, quoting=csv.QUOTE_ALL, lineterminator=newline)
    writer.writeheader()
    writer.writerows({c: found.get(c, "") for c in site.columns} for found in rows)
    return out.getvalue()
