"""A small business with known truths: files to import, and the same rows as Python objects.

Everything comes from one seed, so that a test can work out by itself, from the rows, what the program has to say.
"""
import csv
import datetime
import random
from decimal import Decimal
from pathlib import Path

from program import must

CITIES = ["Wien", "Graz", "Linz", "Salzburg", "St. Pölten"]
CATEGORIES = ["shoes", "bags", "shirts", "hats"]
BEGIN = datetime.datetime(2024, 1, 1)
END = datetime.datetime(2025, 6, 30, 23, 59, 59)
NOW = datetime.datetime(2025, 7, 1)

DEFINITIONS = """-- the segments of the small shop

segment buyers "Ordered at least once"
  where any(order)

segment big "Spent 400 in a year"
  where sum(order.amount last 365 days) >= 400

segment viennese
  where city = 'Wien'

segment shoes "Two orders of shoes"
  where count(order where product.category = 'shoes') >= 2

segment big_viennese
  where in big and in viennese

segment quiet
  where any(order) and none(order last 90 days)

scheme lifecycle exclusive
  active where any(order last 90 days)
  lapsing where any(order last 180 days)
  lost where any(order)
  else prospect
"""


class Shop:
    """customers: id → traits; orders: list of dictionaries; products: id → category."""

    def __init__(self, seed=7, customers=240, orders=1500):
        chance = random.Random(seed)
        self.products = {f"P{number:02}": chance.choice(CATEGORIES) for number in range(1, 21)}
        self.customers, self.orders = {}, []
        for number in range(1, customers + 1):
            self.customers[f"C{number:04}"] = {
                "city": chance.choice(CITIES) if chance.random() < 0.95 else None,
                "age_group": chance.randrange(1, 6),
                "points": chance.randrange(0, 5000) if chance.random() < 0.9 else None,
            }
        buyers = [customer for customer in self.customers if chance.random() < 0.85]
        seconds = int((END - BEGIN).total_seconds())
        for number in range(1, orders + 1):
            self.orders.append({
                "order_id": f"{number:06}",
                "customer": buyers[int(len(buyers) * chance.random() ** 2)],
                "ordered_at": BEGIN + datetime.timedelta(seconds=chance.randrange(seconds)),
                "product": chance.choice(list(self.products)),
                "amount": Decimal(chance.randrange(100, 20000)) / 100,
            })

    def write(self, folder):
        folder = Path(folder)
        folder.mkdir(exist_ok=True)
        write_csv(folder / "products.csv", ["product", "category"], self.products.items())
        write_csv(folder / "customers.csv", ["customer", "city", "age_group", "points"],
                  ([customer, *("" if value is None else value for value in traits.values())]
                   for customer, traits in self.customers.items()))
        write_csv(folder / "orders.csv", ["order_id", "customer", "ordered_at", "product", "amount"],
                  ([order["order_id"], order["customer"], order["ordered_at"].strftime("%Y-%m-%d %H:%M:%S"),
                    order["product"], f"{order['amount']:.2f}"] for order in self.orders))
        (folder / "segments.strata").write_text(DEFINITIONS)

    def spent(self, days=None):
        """Customer → exact sum of the amounts, of the last days or of all time."""
        sums = {}
        for order in self.orders:
            if days is None or order["ordered_at"] > NOW - datetime.timedelta(days=days):
                sums[order["customer"]] = sums.get(order["customer"], Decimal(0)) + order["amount"]
        return sums

    def recent(self, days):
        return set(self.spent(days))

    def members(self):
        """Who is in each segment of DEFINITIONS at NOW, worked out from the rows."""
        buyers = self.recent(None)
        big = {customer for customer, spent in self.spent(365).items() if spent >= 400}
        viennese = {customer for customer, traits in self.customers.items() if traits["city"] == "Wien"}
        pairs = {}
        for order in self.orders:
            if self.products[order["product"]] == "shoes":
                pairs[order["customer"]] = pairs.get(order["customer"], 0) + 1
        active, lapsing = self.recent(90), self.recent(180)
        return {
            "buyers": buyers,
            "big": big,
            "viennese": viennese,
            "shoes": {customer for customer, count in pairs.items() if count >= 2},
            "big_viennese": big & viennese,
            "quiet": buyers - active,
            "lifecycle.active": active,
            "lifecycle.lapsing": lapsing - active,
            "lifecycle.lost": buyers - lapsing,
            "lifecycle.prospect": set(self.customers) - buyers,
        }


def write_csv(path, header, lines):
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(lines)


def import_shop(store, data):
    """Everything but the definitions."""
    must("init", store)
    must("import", store, data / "products.csv", "--reference", "product", "--key", "product")
    must("import", store, data / "customers.csv", "--kind", "customer", "--customer", "customer", "--undated")
    must("import", store, data / "orders.csv", "--kind", "order", "--customer", "customer", "--time", "ordered_at",
         "--id", "order_id", "--refers", "product=product")


def make_store(folder, **sizes):
    """A store with everything in it; returns (Shop, store's path, folder of the files)."""
    shop, data, store = Shop(**sizes), Path(folder) / "data", Path(folder) / "shop"
    shop.write(data)
    import_shop(store, data)
    must("apply", store, data / "segments.strata", "--yes")
    return shop, store, data
