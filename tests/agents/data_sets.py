"""Small data sets of different domains, written as files; the tests compute expected values from these rows."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

SALES: list[dict[str, Any]] = [
    dict(
        zip(
            ("order_id", "date", "region", "product", "customer", "quantity", "unit_price", "revenue", "status"),
            row,
            strict=True,
        )
    )
    for row in (
        (1, "2024-01-05", "North", "Widget", "Alice", 10, 2.50, 25.00, "shipped"),
        (2, "2024-01-17", "South", "Gadget", "Bob", 3, 10.00, 30.00, "shipped"),
        (3, "2024-02-03", "North", "Gadget", "Carol", 1, 10.00, 10.00, "returned"),
        (4, "2024-02-20", "East", "Widget", "Alice", 7, 2.50, 17.50, "shipped"),
        (5, "2024-03-01", "South", "Doohickey", "Dave", 2, 99.99, 199.98, "pending"),
        (6, "2024-03-15", "West", "Widget", "Bob", 20, 2.40, 48.00, "shipped"),
        (7, "2024-03-30", "North", "Gizmo", "Eve", 5, 7.10, 35.50, "pending"),
        (8, "2024-04-02", "East", "Gadget", "Alice", 4, 10.00, 40.00, "shipped"),
    )
]

STAFF: list[dict[str, Any]] = [
    dict(
        zip(
            ("Employee Name", "Department", "Gender", "Age", "Annual Salary", "Hire Date", "Remote", "Manager"),
            row,
            strict=True,
        )
    )
    for row in (
        ("Ana Silva", "Engineering", "Female", 34, 82000, "2019-03-11", "yes", "Omar Haddad"),
        ("Ben Okafor", "Engineering", "Male", 29, 71000, "2021-07-01", "no", "Omar Haddad"),
        ("Chen Li", "Sales", "Male", 45, 64000, "2015-01-20", "no", "Rita Moss"),
        ("Dora Novak", "Sales", "Female", 38, 58500, "2018-10-05", "yes", "Rita Moss"),
        ("Emil Berg", "Marketing", "Male", 51, 60500, "2012-05-30", "no", ""),
        ("Fatima Zahra", "Engineering", "Female", 41, 99000, "2016-02-14", "yes", "Omar Haddad"),
        ("Gus O'Brien", "Marketing", "Male", 27, 48000, "2023-01-09", "yes", "Emil Berg"),
        ("Hana Sato", "Human Resources", "Female", 33, 55000, "2020-11-23", "no", ""),
    )
]

WEATHER: list[dict[str, Any]] = [
    dict(zip(("station", "date", "temperature_c", "humidity", "rain_mm", "wind_kmh"), row, strict=True))
    for row in (
        ("Oslo", "2023-06-01", 17.2, 55, 0.0, 12),
        ("Oslo", "2023-06-02", 19.8, 48, 0.0, 9),
        ("Oslo", "2023-07-01", 22.4, 60, 4.2, 15),
        ("Cairo", "2023-06-01", 34.1, 22, 0.0, 20),
        ("Cairo", "2023-06-02", 36.5, 18, 0.0, 25),
        ("Cairo", "2023-07-01", 38.0, 15, 0.0, 18),
        ("Lima", "2023-06-01", 18.0, 83, 0.4, 7),
        ("Lima", "2023-06-02", 17.5, 85, 0.9, 8),
        ("Lima", "2023-07-01", None, 88, 1.1, 6),
    )
]

LOANS: list[dict[str, Any]] = [
    dict(zip(("loan_id", "borrower", "book title", "genre", "borrowed_on", "returned_on", "days"), row, strict=True))
    for row in (
        (101, "Mia", "Dune", "Science Fiction", "2024-01-02", "2024-01-16", 14),
        (102, "Noah", "Emma", "Classics", "2024-01-05", "2024-01-12", 7),
        (103, "Mia", "Neuromancer", "Science Fiction", "2024-02-01", "2024-03-01", 29),
        (104, "Olga", "Dune", "Science Fiction", "2024-02-10", "", None),
        (105, "Noah", "Persuasion", "Classics", "2024-02-11", "2024-02-25", 14),
        (106, "Mia", "Rebecca", "Mystery", "2024-03-03", "", None),
        (107, "Paul", "Emma", "Classics", "2024-03-09", "2024-03-19", 10),
    )
]

GOALS: list[dict[str, Any]] = [
    dict(zip(("player", "team", "season", "matches", "goals", "assists", "minutes"), row, strict=True))
    for row in (
        ("Keane", "Reds", 2022, 30, 12, 4, 2500),
        ("Keane", "Reds", 2023, 28, 9, 7, 2300),
        ("Lopez", "Blues", 2022, 34, 21, 3, 3000),
        ("Lopez", "Reds", 2023, 33, 18, 6, 2900),
        ("Mbeki", "Greens", 2022, 25, 5, 11, 2000),
        ("Mbeki", "Greens", 2023, 31, 8, 14, 2700),
        ("Novak", "Blues", 2023, 12, 2, 1, 700),
    )
]

INVOICES = """Rechnung;Kunde;Datum;Netto;MwSt;Bezahlt
2024-001;Müller GmbH;03.01.2024;1.250,50 €;19%;ja
2024-002;Café Noir;14.01.2024;89,90 €;7%;nein
2024-003;Müller GmbH;28.02.2024;310,00 €;19%;ja
2024-004;Ødegård AS;05.03.2024;2.000,00 €;19%;nein
"""
INVOICE_NET = {"2024-001": 1250.50, "2024-002": 89.90, "2024-003": 310.00, "2024-004": 2000.00}

CUSTOMERS: list[dict[str, Any]] = [
    {"customer": "Alice", "city": "Berlin", "segment": "Retail"},
    {"customer": "Bob", "city": "Paris", "segment": "Wholesale"},
    {"customer": "Carol", "city": "Berlin", "segment": "Wholesale"},
    {"customer": "Dave", "city": "Rome", "segment": "Retail"},
    {"customer": "Eve", "city": "Paris", "segment": "Retail"},
]

SHOP: dict[str, Any] = {
    "shop": "Corner",
    "orders": [
        {
            "id": 1,
            "buyer": {"name": "Ann", "city": "York"},
            "paid": True,
            "items": [{"sku": "apple", "pieces": 4, "price": 0.5}, {"sku": "pear", "pieces": 1, "price": 0.75}],
        },
        {
            "id": 2,
            "buyer": {"name": "Bea", "city": "Leeds"},
            "paid": False,
            "items": [{"sku": "apple", "pieces": 10, "price": 0.45}],
        },
        {
            "id": 3,
            "buyer": {"name": "Cid", "city": "York"},
            "paid": True,
            "items": [{"sku": "plum", "pieces": 6, "price": 0.2}],
        },
    ],
}

SENSORS: list[dict[str, Any]] = [
    dict(zip(("sensor_id", "timestamp", "pressure", "ok"), row, strict=True))
    for row in (
        ("s1", "2024-05-01 08:00:00", 101.325, True),
        ("s1", "2024-05-01 09:00:00", 101.1, True),
        ("s2", "2024-05-01 08:00:00", 99.8, False),
        ("s2", "2024-05-02 08:30:00", 100.2, True),
        ("s3", "2024-05-02 10:15:00", 102.0, False),
    )
]


def write_csv(path: Path, rows: list[dict[str, Any]]) -> Path:
    """Rows as a CSV file."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_all(folder: Path) -> dict[str, Path]:
    """All data sets as files; keys are file names."""
    import duckdb
    import openpyxl

    paths = {
        "sales.csv": write_csv(folder / "sales.csv", SALES),
        "staff.csv": write_csv(folder / "staff.csv", STAFF),
        "weather.csv": write_csv(folder / "weather.csv", WEATHER),
        "library_loans.csv": write_csv(folder / "library_loans.csv", LOANS),
        "customers.csv": write_csv(folder / "customers.csv", CUSTOMERS),
    }
    (folder / "invoices.csv").write_bytes(INVOICES.encode("cp1252"))
    (folder / "shop.json").write_text(json.dumps(SHOP), encoding="utf-8")
    (folder / "sensors.ndjson").write_text("\n".join(json.dumps(row) for row in SENSORS), encoding="utf-8")
    book: Any = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Goals"
    sheet.append(list(GOALS[0]))
    for row in GOALS:
        sheet.append(list(row.values()))
    teams = book.create_sheet("Stadiums")
    for row in (
        ("team", "stadium", "capacity"),
        ("Reds", "Old Park", 40000),
        ("Blues", "River End", 25500),
        ("Greens", "The Oval", 31000),
    ):
        teams.append(row)
    book.save(folder / "football.xlsx")
    duckdb.sql(
        f"COPY (SELECT * FROM read_csv('{paths['weather.csv']}')) TO '{folder / 'weather.parquet'}' (FORMAT parquet)"
    )
    for name in ("invoices.csv", "shop.json", "sensors.ndjson", "football.xlsx", "weather.parquet"):
        paths[name] = folder / name
    return paths
