# ruff: noqa: RUF001
"""The words of Seller Central's transaction reports in its languages, with their meanings.

Headers, types and months are what sellers' files have been seen to say; no list of Amazon's own
exists. Words that are in no list stay unchanged: nothing is guessed. The Turkish, Polish
and Portuguese words are UNCONFIRMED in part, as is every translation of a type that is rare.
"""

import unicodedata
from collections.abc import Iterable

# What a column is; those from `product sales` on are money, in the file's own order.
_TEXTS = {
    "date/time": "datum/uhrzeit|date/heure|data/ora|fecha y hora|fecha/hora|datum/tijd|datum/tid"
    "|data/godzina|data/hora|tarih/saat|日付/時間",
    "settlement id": "abrechnungsnummer|numéro de versement|identifiant du paiement"
    "|numero pagamento|identificador de pago|id. de liquidación|schikkings-id|reglerings-id"
    "|identyfikator rozliczenia|id de liquidação|决済番号|決済番号",
    "type": "typ|tipo|tip|トランザクションの種類",
    "order id": "bestellnummer|numéro de la commande|numero ordine|número de pedido|id. del pedido"
    "|bestelnummer|beställnings-id|identyfikator zamówienia|id do pedido|sipariş no.|注文番号",
    "sku": "",
    "description": "beschreibung|descrizione|descripción|beschrijving|beskrivning|opis|descrição"
    "|açıklama|説明",
    "quantity": "menge|quantité|quantità|cantidad|aantal|antal|ilość|quantidade|adet|数量",
    "marketplace": "site de vente|web de amazon|marknadsplats|rynek|mercado|pazar yeri"
    "|amazon 出品サービス",
    "fulfilment": "fulfillment|versand|traitement|expédition|gestione|gestión logística"
    "|cumplimiento|leverans|realizacja|atendimento|gönderim|フルフィルメント",
    "total": "gesamt|totale|totaal|totalt|suma|toplam|合計",
    "transaction status": "transaktionsstatus|statut de la transaction|estado de la transacción"
    "|stato della transazione|transactiestatus",
}
_MONEY = {
    "product sales": "umsätze|ventes de produits|vendite|ventas de productos"
    "|verkoop van producten|försäljning av produkter|sprzedaż produktów|vendas do produto"
    "|ürün satışları|商品売上",
    "product sales tax": "produktumsatzsteuer|taxes sur la vente des produits"
    "|imposta sulle vendite dei prodotti|impuesto de ventas de productos|商品の売上税",
    "shipping credits": "postage credits|gutschrift für versandkosten|crédits d'expédition"
    "|accrediti per le spedizioni|abonos de envío|créditos de envío|verzendtegoeden"
    "|fraktkrediter|noty kredytowe za wysyłkę|créditos de remessa|kargo kredileri|配送料",
    "shipping credits tax": "steuer auf versandgutschrift|taxe sur les crédits d'expédition"
    "|imposta accrediti per le spedizioni|impuestos por abonos de envío"
    "|impuesto de abono de envío|配送料の税金",
    "gift wrap credits": "giftwrap credits|gutschrift für geschenkverpackung"
    "|crédits sur l'emballage cadeau|crédits d'emballage-cadeau|accrediti per confezioni regalo"
    "|abonos de envoltorio para regalo|créditos por envoltorio de regalo"
    "|kredietpunten cadeauverpakking|krediter för presentinslagning"
    "|créditos de embalagem de presente|ギフト包装手数料",
    "giftwrap credits tax": "gift wrap credits tax|steuer auf geschenkverpackungsgutschriften"
    "|taxes sur les crédits cadeaux|imposta sui crediti confezione regalo"
    "|impuestos por abonos de envoltorio para regalo|impuesto de créditos de envoltura"
    "|ギフト包装クレジットの税金",
    "regulatory fee": "tarifa reglamentaria",
    "tax on regulatory fee": "impuesto sobre tarifa reglamentaria",
    "amazon points": "amazonポイントの費用",
    "promotional rebates": "rabatte aus werbeaktionen|rabais promotionnels|total des réductions"
    "|sconti promozionali|devoluciones promocionales|descuentos promocionales"
    "|promotiekortingen|kampanjrabatter|rabaty promocyjne|descontos promocionais"
    "|promosyon indirimleri|プロモーション割引額",
    "promotional rebates tax": "steuer auf aktionsrabatte|taxes sur les remises promotionnelles"
    "|imposta sugli sconti promozionali|impuestos de descuentos por promociones"
    "|impuesto de reembolsos promocionales|プロモーション割引の税金",
    "sales tax collected": "geïnde omzetbelasting|inkasserad moms|taxe de ventes prélevée"
    "|pobrany podatek od sprzedaży|imposto de vendas coletados",
    "marketplace withheld tax": "marketplace facilitator tax|einbehaltene steuer auf marketplace"
    "|taxes retenues sur le site de vente|taxe marketplace facilitator"
    "|trattenuta iva del marketplace|impuesto retenido en el sitio web"
    "|impuesto de retenciones en la plataforma|belasting voor marketplace-facilitator"
    "|skatt för marknadsplatsförmedlare|源泉徴収税を伴うマーケットプレイス",
    "selling fees": "verkaufsgebühren|frais de vente|commissioni di vendita|tarifas de venta"
    "|verkoopkosten|försäljningsavgifter|opłaty za sprzedaż|tarifas de venda|satış ücretleri"
    "|手数料",
    "fba fees": "fulfilment by amazon fees|gebühren zu versand durch amazon"
    "|frais expédié par amazon|frais pour le service expédié par amazon"
    "|costi del servizio logistica di amazon|tarifas de logística de amazon|tarifas fba"
    "|fba-vergoedingen|fba-avgifter|opłaty za fba|taxas fba|amazon lojistik ücretleri|fba 手数料",
    "other transaction fees": "andere transaktionsgebühren|autres frais de transaction"
    "|altri costi relativi alle transazioni|tarifas de otras transacciones"
    "|tarifas de otra transacción|overige transactiekosten|övriga transaktionsavgifter"
    "|inne opłaty transakcyjne|taxas de outras transações|diğer işlem ücretleri"
    "|トランザクションに関するその他の手数料",
    "other": "andere|autre|autres|altro|otro|overige|övrigt|inne|outro|diğer|その他",
}
_TYPES = {
    "Order": "bestellung|commande|ordine|pedido|bestelling|beställning|zamówienie|sipariş|注文",
    "Refund": "erstattung|remboursement|rimborso|reembolso|terugbetaling|återbetalning"
    "|återbäring|zwrot kosztów|返金",
    "Service Fee": "servicegebühr|frais de service|commissione di servizio"
    "|tarifa de prestación de servicio|tarifa de servicio|servicekosten|serviceavgift|注文外料金",
    "Adjustment": "anpassung|ajustement|modifica|ajuste|aanpassing|justering|korekta|調整",
    "FBA Inventory Fee": "versand durch amazon lagergebühr|frais de stock expédié par amazon"
    "|costo di stoccaggio logistica di amazon|tarifas de inventario de logística de amazon"
    "|tarifa de inventario fba|fba 在庫関連の手数料",
    "FBA Customer Return Fee": "frais de retour client fba",
    "FBA Transaction fees": "transaktionsgebühren für versand durch amazon"
    "|frais de transaction expédié par amazon"
    "|commissioni per le transazioni di logistica di amazon",
    "Transfer": "übertrag|transférer|transfert|trasferimento|transferir|trasferir|overboeking"
    "|överföring|przelew|振込み",
    "Order_Retrocharge": "bestellung_wiedereinzug",
    "Lightning Deal Fee": "blitzangebotsgebühr|tarif de la vente flash"
    "|tariffa dell'offerta lampo|tarifa de oferta flash|数量限定タイムセール手数料",
    "A-to-z Guarantee Claim": "réclamation dans le cadre de la garantie a à z",
    "Debt": "verbindlichkeit|solde négatif|saldo negativo|saldo descubierto|deuda|schuld|skuld"
    "|dług|マイナス残高",
    "Shipping Services": "配送サービス",
    "Refund_Retrocharge": "",
    "Chargeback Refund": "",
}
_DEFERRED = "deferred|zurückgestellt|aufgeschoben|différé|differito|diferido|diferida|uitgesteld"
_MONTHS = (
    "jan january januar janv janvier gen gennaio ene enero sty oca ocak",
    "feb february februar févr fév février febbraio febrero fev lut şub",
    "mar march mär märz mrz mars marzo mrt maart marca",
    "apr april avr avril aprile abr abril kwi nis",
    "may mai mag maggio mayo mei maj",
    "jun june juni juin giu giugno junio cze haz",
    "jul july juli juil juillet lug luglio julio lip tem",
    "aug august août aoû agosto ago sie ağu",
    "sep sept september septembre set settembre septiembre wrz eyl",
    "oct october okt oktober octobre ott ottobre octubre out paź eki",
    "nov november novembre noviembre lis kas",
    "dec december dez dezember déc décembre dic dicembre diciembre gru ara",
)


def plain(word: str) -> str:
    """Return a word as it is compared: one case, one apostrophe, one blank, no colon at its end."""
    # A word is the same with composed or decomposed letters, and with either apostrophe.
    text = unicodedata.normalize("NFC", word).replace("’", "'").replace("\ufeff", "")
    return " ".join(text.split()).rstrip(" :").casefold()


def _by_word(names: dict[str, str]) -> dict[str, str]:
    pairs = ((name, [name, *words.split("|")]) for name, words in names.items())
    return {plain(word): name for name, words in pairs for word in words if word}


COLUMNS = _by_word(_TEXTS | _MONEY)
MONEY = frozenset(_MONEY)
TYPES = _by_word(_TYPES)
DEFERRED = frozenset(plain(word) for word in _DEFERRED.split("|"))
MONTHS = {
    plain(word): f"{number:02}"
    for number, words in enumerate(_MONTHS, start=1)
    for word in words.split()
}


def columns(names: Iterable[str]) -> tuple[str, ...]:
    """Return the column names of a header in English; an unknown one keeps its name."""
    return tuple(COLUMNS.get(plain(name), plain(name)) for name in names)
