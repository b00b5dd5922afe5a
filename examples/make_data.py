"""Makes the files of the README's goals: the same bytes on every machine. `python examples/make_data.py`."""

import csv
import random
from datetime import date, timedelta
from pathlib import Path

HERE = Path(__file__).parent
PRODUCTS = {"Assam": 12.50, "Darjeeling": 18.90, "Earl Grey": 9.80, "Sencha": 14.20, "Rooibos": 7.60}
REGIONS = {"North": 0.32, "South": 0.21, "East": 0.29, "West": 0.18}
CARRIERS = {"Swift": (1, 3), "Postal": (2, 6), "Cargo Bike": (1, 2)}


def main() -> None:
    dice = random.Random(2026)
    day = date(2025, 1, 2)
    with (HERE / "orders.csv").open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(
            [
                "order_id",
                "order_date",
                "region",
                "product",
                "carrier",
                "quantity",
                "unit_price",
                "revenue",
                "delivery_days",
                "returned",
            ]
        )
        for number in range(1, 361):
            product = dice.choices(list(PRODUCTS), weights=[5, 3, 6, 4, 2])[0]
            carrier = dice.choices(list(CARRIERS), weights=[4, 5, 2])[0]
            quantity = dice.randint(1, 12)
            price = PRODUCTS[product]
            out.writerow(
                [
                    f"T{number:04d}",
                    day.isoformat(),
                    dice.choices(list(REGIONS), weights=list(REGIONS.values()))[0],
                    product,
                    carrier,
                    quantity,
                    f"{price:.2f}",
                    f"{quantity * price:.2f}",
                    dice.randint(*CARRIERS[carrier]),
                    "yes" if dice.random() < 0.06 else "no",
                ]
            )
            day += timedelta(days=dice.choice([0, 1, 1, 1, 2]) if number < 340 else 0)


if __name__ == "__main__":
    main()
