"""Headers of exports that people bring, with what each column holds and which column is what.

Each export is a text: the first line says what it is imported as, then the right answers (customer, time, amount, key;
"-" where the file has none, "|" between answers that are equally right), then the columns, one a line, with what their
values look like. The rows are made here; the headers are those of the shops' and programs' own exports.
"""
import random
import uuid

HELD_OUT = """
# Shopify orders
kind order; customer Email; time Created at|Paid at; amount Total
Name: order; Email: mail; Financial Status: category; Paid at: offset; Fulfillment Status: category; Fulfilled at: gaps
Accepts Marketing: yesno; Currency: constant; Subtotal: money; Shipping: money; Taxes: money; Total: money
Discount Code: gaps text; Discount Amount: money; Shipping Method: category; Created at: offset; Lineitem quantity: small
Lineitem name: text; Lineitem price: money; Lineitem sku: code; Lineitem requires shipping: yesno; Billing Name: person
Billing Street: text; Billing City: category; Billing Zip: zip; Billing Phone: phone; Shipping Name: person
Notes: empty; Cancelled at: empty; Payment Method: category; Payment Reference: unique; Refunded Amount: money
Vendor: category; Outstanding Balance: money; Id: big; Tags: gaps text; Risk Level: category; Source: category

# Shopify customers
kind customer; customer Customer ID
Customer ID: big; First Name: person; Last Name: person; Email: unique mail; Accepts Email Marketing: yesno
Default Address Company: gaps text; Default Address Address1: text; Default Address City: category
Default Address Zip: zip; Default Address Phone: phone; Phone: phone; Accepts SMS Marketing: yesno; Total Spent: money
Total Orders: small; Note: empty; Tax Exempt: yesno; Tags: gaps text

# WooCommerce orders
kind order; customer Email (Billing); time Order Date|Paid Date; amount Order Total Amount
Order Number: big; Order Status: category; Order Date: clock; Paid Date: clock; Customer Note: empty
First Name (Billing): person; Last Name (Billing): person; Company (Billing): gaps text; Address 1&2 (Billing): text
City (Billing): category; Postcode (Billing): zip; Email (Billing): mail; Phone (Billing): phone
Payment Method Title: category; Cart Discount Amount: money; Order Subtotal Amount: money; Shipping Method Title: category
Order Shipping Amount: money; Order Refund Amount: money; Order Total Amount: money; Order Total Tax Amount: money
SKU: code; Item #: small; Item Name: text; Quantity (- Refund): small; Item Cost: money; Coupon Code: gaps text

# Stripe charges
kind charge; customer Customer ID|Customer Email; time Created date (UTC); amount Amount
id: unique; Description: text; Seller Message: constant; Created date (UTC): clock; Amount: money
Amount Refunded: money; Currency: constant; Converted Amount: money; Converted Amount Refunded: money; Fee: money
Taxes On Fee: money; Converted Currency: constant; Mode: constant; Status: category; Statement Descriptor: constant
Customer ID: customer; Customer Description: gaps text; Customer Email: mail; Captured: yesno; Card ID: unique
Invoice ID: gaps text; Transfer: gaps text

# PayPal activity
kind payment; customer From Email Address; time Date; amount Gross|Net
Date: us; Time: time; TimeZone: constant; Name: person; Type: category; Status: category; Currency: constant
Gross: money; Fee: minus; Net: money; From Email Address: mail; To Email Address: constant mail
Transaction ID: unique; Shipping Address: text; Item Title: text; Item ID: gaps text; Sales Tax: money
Invoice Number: gaps text; Quantity: small; Receipt ID: gaps text; Balance: money; Subject: text; Note: empty

# Square transactions
kind payment; customer Customer ID; time Date; amount Total Collected|Net Sales|Gross Sales|Net Total
Date: us; Time: time; Time Zone: constant; Gross Sales: money; Discounts: minus; Service Charges: money; Net Sales: money
Gift Card Sales: money; Tax: money; Tip: money; Partial Refunds: money; Total Collected: money; Source: category
Card: money; Cash: money; Fees: minus; Net Total: money; Transaction ID: unique; Payment ID: unique; Card Brand: category
PAN Suffix: zip; Device Name: category; Staff Name: category; Staff ID: code; Description: text; Location: constant
Customer ID: customer; Customer Name: person; Customer Reference ID: empty; Device Nickname: category

# Magento orders
kind order; customer Customer Email; time Purchase Date; amount Grand Total (Base)|Grand Total (Purchased)
ID: big; Purchase Point: constant; Purchase Date: clock; Bill-to Name: person; Ship-to Name: person
Grand Total (Base): money; Grand Total (Purchased): money; Status: category; Billing Address: text
Shipping Address: text; Shipping Information: category; Customer Email: mail; Customer Group: category; Subtotal: money
Shipping and Handling: money; Customer Name: person; Payment Method: category; Total Refunded: money

# Amazon settlement
kind settlement; customer -; time posted-date-time|posted-date; amount amount
settlement-id: constant; deposit-date: gaps; currency: constant; transaction-type: category
order-id: order; merchant-order-id: order; adjustment-id: empty; shipment-id: code; marketplace-name: constant
amount-type: category; amount-description: category; amount: money; fulfillment-id: category; posted-date: day
posted-date-time: iso; order-item-code: big; sku: code; quantity-purchased: small

# Etsy sold orders
kind order; customer Buyer User ID|Buyer; time Sale Date; amount Order Total|Order Value|Order Net
Sale Date: us; Order ID: big; Buyer User ID: customer; Full Name: person; First Name: person; Last Name: person
Number of Items: small; Payment Method: category; Date Shipped: us; Street 1: text; Street 2: empty; Ship City: category
Ship Zipcode: zip; Currency: constant; Order Value: money; Coupon Code: gaps text; Discount Amount: money
Shipping Discount: money; Shipping: money; Sales Tax: money; Order Total: money; Status: category
Card Processing Fees: money; Order Net: money; Adjusted Order Total: money; Buyer: customer; Order Type: constant; SKU: code

# eBay orders
kind order; customer Buyer Username|Buyer Email; time Sale Date|Paid On Date; amount Total Price|Sold For
Sales Record Number: seq; Order Number: order; Buyer Username: customer; Buyer Name: person; Buyer Email: mail
Buyer Note: empty; Buyer Address 1: text; Buyer City: category; Buyer Zip: zip; Ship To Name: person; Item Number: big
Item Title: text; Custom Label: code; Quantity: small; Sold For: money; Shipping And Handling: money
Seller Collected Tax: money; Total Price: money; Payment Method: category; Sale Date: short; Paid On Date: short
Ship By Date: short; Minimum Estimated Delivery Date: short; Feedback Left: yesno; Tracking Number: unique

# Mailchimp audience
kind customer; customer Email Address
Email Address: unique mail; First Name: person; Last Name: person; Address: gaps text; Phone Number: phone
Birthday: empty; MEMBER_RATING: small; OPTIN_TIME: clock; OPTIN_IP: text; CONFIRM_TIME: clock; CONFIRM_IP: text
LATITUDE: money; LONGITUDE: money; GMTOFF: small; TIMEZONE: category; CC: category; REGION: category
LAST_CHANGED: clock; LEID: big; EUID: unique; NOTES: empty; TAGS: gaps text

# Klaviyo events
kind event; customer Person ID|Email; time Timestamp|Event Date; amount Value|-
Event ID: unique; Metric: category; Timestamp: iso; Person ID: customer; Email: mail; Value: money; Campaign: category
Flow: gaps text; Message ID: code

# HubSpot contacts
kind customer; customer Record ID|Email
Record ID: big; First Name: person; Last Name: person; Email: unique mail; Phone Number: phone; Contact owner: category
Associated Company: text; Last Activity Date: clock; Lead Status: category; Marketing contact status: category
Create Date: clock; Lifecycle Stage: category

# Salesforce accounts
kind customer; customer Account ID
Account ID: unique; Account Name: text; Parent Account ID: empty; Type: category; Industry: category
Annual Revenue: moneyint; Employees: int; Billing City: category; Billing Country: category; Phone: phone
Account Owner: category; Created Date: us; Last Modified Date: us; Last Activity: us

# GA4 export
kind event; customer user_pseudo_id; time event_timestamp|event_date; amount event_value_in_usd|-|purchase_revenue
event_date: compact; event_timestamp: epoch; event_name: category; event_previous_timestamp: empty
event_value_in_usd: gaps money; user_id: empty; user_pseudo_id: customer; device_category: category; geo_country: category
traffic_source_medium: category; stream_id: constant; platform: constant; purchase_revenue: gaps money

# Lightspeed sales
kind order; customer customer_id; time sale_date; amount total
sale_id: big; sale_date: clock; outlet: category; register: category; user: category; customer_code: customer
customer_id: customer; customer_name: person; note: empty; subtotal: money; sales_tax: money; discount: money
total: money; paid: money; status: category; sku: code; quantity: small; line_total: money

# DATEV bookings
kind booking; customer -; time Belegdatum; amount Umsatz
Umsatz: comma; Soll/Haben-Kennzeichen: category; WKZ Umsatz: constant; Gegenkonto (ohne BU-Schlüssel): code
BU-Schlüssel: empty; Belegdatum: german; Belegfeld 1: code; Buchungstext: text; Beleglink: empty; KOST1: empty

# German shop, Kunden und Rechnungen
kind order; customer Kundennummer; time Rechnungsdatum; amount Rechnungsbetrag brutto|Rechnungsbetrag netto
Rechnungsnummer: unique; Rechnungsdatum: german; Fälligkeitsdatum: german; Kundennummer: customer; Kundenname: person
Kundengruppe: category; PLZ: zip; Ort: category; Rechnungsbetrag netto: comma; MwSt.: comma; Rechnungsbetrag brutto: comma
Versandkosten: comma; Zahlungsart: category; Lieferdatum: german

# French shop
kind commande; customer Identifiant client|Adresse e-mail; time Date de commande; amount Montant TTC|Montant HT
Référence commande: unique; Date de commande: slashes; Identifiant client: customer; Nom du client: person
Adresse e-mail: mail; Ville: category; Code postal: zip; Montant HT: comma; TVA: comma; Montant TTC: comma
Frais de port: comma; Statut: category; Date de livraison: slashes

# Spanish shop
kind pedido; customer ID Cliente; time Fecha del pedido; amount Importe total
Nº pedido: unique; Fecha del pedido: slashes; ID Cliente: customer; Nombre del cliente: person; Provincia: category
Artículo: text; Cantidad: small; Precio unitario: comma; Descuento: comma; Importe total: comma; Fecha de entrega: slashes

# Italian shop
kind ordine; customer Codice cliente; time Data ordine; amount Totale ordine
Numero ordine: unique; Data ordine: slashes; Codice cliente: customer; Cognome: person; Città: category; Prodotto: text
Quantità: small; Prezzo: comma; Sconto: comma; Spese di spedizione: comma; Totale ordine: comma; Data di consegna: slashes

# Portuguese shop
kind pedido; customer Código do Cliente; time Data da Compra; amount Valor Total
Número do Pedido: unique; Data da Compra: slashes; Código do Cliente: customer; Nome: person; Cidade: category
Produto: text; Quantidade: small; Preço Unitário: comma; Frete: comma; Valor Total: comma; Status: category

# Dutch shop
kind bestelling; customer Klantnummer; time Besteldatum; amount Totaalbedrag
Bestelnummer: unique; Besteldatum: dashes; Klantnummer: customer; Klantnaam: person; Woonplaats: category; Artikel: text
Aantal: small; Prijs per stuk: comma; BTW: comma; Verzendkosten: comma; Totaalbedrag: comma; Leverdatum: dashes

# Polish shop
kind zamowienie; customer ID klienta; time Data zamówienia; amount Kwota brutto|Kwota netto
Numer zamówienia: unique; Data zamówienia: day; ID klienta: customer; Imię i nazwisko: person; Miasto: category
Produkt: text; Ilość: small; Cena jednostkowa: comma; Kwota netto: comma; Kwota brutto: comma; Data wysyłki: day

# Superstore
kind order; customer Customer ID; time Order Date; amount Sales
Row ID: seq; Order ID: order; Order Date: us; Ship Date: us; Ship Mode: category; Customer ID: customer
Customer Name: person; Segment: category; Country: constant; City: category; State: category; Postal Code: zip
Region: category; Product ID: code; Category: category; Sub-Category: category; Product Name: text; Sales: money
Quantity: small; Discount: share; Profit: money

# Olist orders
kind order; customer customer_id; time order_purchase_timestamp; amount -
order_id: unique; customer_id: unique; order_status: category; order_purchase_timestamp: clock
order_approved_at: clock; order_delivered_carrier_date: clock; order_delivered_customer_date: clock
order_estimated_delivery_date: clock

# Olist customers
kind customer; customer customer_unique_id|customer_id
customer_id: unique; customer_unique_id: unique; customer_zip_code_prefix: zip; customer_city: category
customer_state: category

# Olist products
reference product; key product_id
product_id: unique; product_category_name: category; product_name_lenght: int; product_photos_qty: small
product_weight_g: int

# E-commerce behaviour
kind event; customer user_id; time event_time; amount price|-
event_time: utc; event_type: category; product_id: code; category_id: big; category_code: category; brand: category
price: money; user_id: customer; user_session: uuid

# Bank transactions
kind transaction; customer CustomerID; time TransactionDate; amount TransactionAmount (INR)
TransactionID: unique; CustomerID: customer; CustomerDOB: birth; CustGender: category; CustLocation: category
CustAccountBalance: money; TransactionDate: short; TransactionTime: int; TransactionAmount (INR): money

# BankSim
kind payment; customer customer; time date; amount amount
step: int; customer: customer; age: small; gender: category; zipcodeOri: constant; merchant: code; zipMerchant: constant
category: category; amount: money; fraud: zeroone; date: day

# Marketing campaign responses
kind customer; customer ID
ID: big; Year_Birth: year; Education: category; Marital_Status: category; Income: moneyint; Dt_Customer: day
Recency: int; MntWines: int; NumWebPurchases: small; Complain: zeroone; Response: zeroone

# Survey without anybody
kind customer; customer -
rownames: seq; q1: small; q2: small; q3: small; age: int; gender: category; satisfaction: small

# Call centre
kind customer; customer -
account_length: int; area_code: category; number_customer_service_calls: small; customer_segment: category
total_day_minutes: money; total_day_calls: int; churn: yesno

# Hotel bookings
kind booking; customer -; time arrival_date|reservation_status_date; amount adr|-
hotel: category; is_canceled: zeroone; lead_time: int; arrival_date: day; adults: small; country: category
market_segment: category; agent: int; company: gaps text; customer_type: category; adr: money
reservation_status: category; reservation_status_date: day

# Donations
kind donation; customer Constituent ID; time Gift Date; amount Gift Amount
Constituent ID: customer; Constituent Name: person; Gift ID: unique; Gift Date: us; Gift Amount: money; Fund: category
Campaign: category; Appeal: category; Acknowledge Date: us

# Gym visits
kind visit; customer Member Number; time Check-in Time; amount -
Visit ID: unique; Member Number: customer; Member Name: person; Club: category; Check-in Time: clock; Class: category
Trainer: category

# SAP billing
kind invoice; customer Sold-to party|Payer; time Billing Date|Created On; amount Net Value
Billing Document: unique; Billing Type: constant; Billing Date: german; Sold-to party: customer; Payer: customer
Sales Organization: constant; Net Value: comma; Document Currency: constant; Tax Amount: comma; Created On: german
Created By: category

# Instacart products
reference product; key product_id
product_id: seq; product_name: text; aisle_id: small; department_id: small
"""

CATEGORIES = ["north", "south", "east", "west"]
NAMES = ["Ana Ruiz", "Ben Cole", "Cid Marsh", "Dora Lind", "Eva Horn", "Finn Abel", "Gil Stone"]


class Column:
    """Values of one column; `look` is one of the words above, with "gaps" or "unique" before it."""

    def __init__(self, look, rows, dice):
        self.rows, self.dice = rows, dice
        self.words = look.split()

    def values(self):
        looks = [word for word in self.words if word not in ("gaps", "unique", "constant")] or ["text"]
        look = "id" if self.words == ["unique"] else "word" if self.words == ["constant"] else looks[0]
        look = "date" if self.words == ["gaps"] else look
        made = [getattr(self, look)(row) for row in range(self.rows)]
        if "constant" in self.words:
            made = [made[0]] * self.rows
        if "gaps" in self.words:
            made = [value if self.dice.random() < .3 else "" for value in made]
        return made

    def moment(self, row, form):
        day, rest = row // 3 % 28 + 1, row // 84
        return form.format(y=2024 + rest // 12, m=rest % 12 + 1, d=day, h=8 + row % 12, i=row * 7 % 60, s=row * 13 % 60,
                           b="Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()[rest % 12], t=1704100000 + row * 4321)

    def dated(form):
        return lambda self, row: self.moment(row, form)

    date = day = dated("{y}-{m:02}-{d:02}")
    clock = dated("{y}-{m:02}-{d:02} {h:02}:{i:02}:{s:02}")
    offset = dated("{y}-{m:02}-{d:02} {h:02}:{i:02}:{s:02} +0100")
    utc = dated("{y}-{m:02}-{d:02} {h:02}:{i:02}:{s:02} UTC")
    iso = dated("{y}-{m:02}-{d:02}T{h:02}:{i:02}:{s:02}Z")
    us = dated("{m}/{d}/{y}")
    short = dated("{d}-{b}-{y}")
    german = dated("{d:02}.{m:02}.{y}")
    slashes = dated("{d:02}/{m:02}/{y}")
    dashes = dated("{d:02}-{m:02}-{y}")
    compact = dated("{y}{m:02}{d:02}")
    epoch = dated("{t}000")
    time = dated("{h:02}:{i:02}:{s:02}")

    def birth(self, row):
        return f"{1950 + row % 40}-0{row % 9 + 1}-1{row % 9}"

    def year(self, row):
        return 1950 + row % 40

    def seq(self, row):
        return row + 1

    def big(self, row):
        return 4500000000 + row * 17

    def id(self, row):
        return f"id_{row * 7919 % 100003:06d}"

    def order(self, row):
        return f"#{1001 + row // 3}"

    def customer(self, row):
        return f"C{self.dice.randrange(self.rows // 3):05d}"

    def mail(self, row):
        who = row if "unique" in self.words else self.dice.randrange(self.rows // 3)
        return f"someone{who}@example.org"

    def code(self, row):
        return f"SKU-{self.dice.randrange(12):03d}"

    def person(self, row):
        return self.dice.choice(NAMES)

    def category(self, row):
        return self.dice.choice(CATEGORIES)

    def text(self, row):
        return f"something number {row % 40}"

    def word(self, row):
        return "EUR"

    def empty(self, row):
        return ""

    def yesno(self, row):
        return self.dice.choice(["yes", "no"])

    def zeroone(self, row):
        return self.dice.randrange(2)

    def small(self, row):
        return self.dice.randrange(1, 6)

    def int(self, row):
        return self.dice.randrange(1, 300)

    def money(self, row):
        return f"{self.dice.randrange(100, 90000) / 100:.2f}"

    def minus(self, row):
        return f"-{self.dice.randrange(10, 900) / 100:.2f}"

    def comma(self, row):
        return f"{self.dice.randrange(100, 90000) / 100:.2f}".replace(".", ",")

    def moneyint(self, row):
        return self.dice.randrange(20000, 90000)

    def share(self, row):
        return self.dice.choice(["0", "0.2", "0.15"])

    def zip(self, row):
        return f"{self.dice.randrange(10000, 99999)}"

    def phone(self, row):
        return f"+43 1 {5870000 + self.dice.randrange(9000)}"

    def uuid(self, row):
        return uuid.UUID(int=self.dice.getrandbits(128) if row % 3 == 0 else row // 3)


def exports(text=HELD_OUT, rows=240):
    """(title, words of the command line, right answers by role, the file's text) of every export."""
    for block in text.strip().split("\n\n"):
        title, says, *lines = block.splitlines()
        facts = dict(part.strip().split(" ", 1) for part in says.split(";"))
        kind = ["--kind", facts.pop("kind")] if "kind" in facts else ["--reference", facts.pop("reference")]
        truth = {role: [None if name == "-" else name for name in answers.split("|")] for role, answers in facts.items()}
        dice = random.Random(title)
        columns = [part.strip().rsplit(": ", 1) for line in lines for part in line.split("; ")]
        between = ";" if any("comma" in look.split() for _, look in columns) else ","
        made = [Column(look, rows, dice).values() for _, look in columns]
        content = [between.join(name for name, _ in columns)]
        content += [between.join(str(values[row]) for values in made) for row in range(rows)]
        yield title.lstrip("# "), kind, truth, "\n".join(content) + "\n"
