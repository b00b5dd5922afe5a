"""All aims in one table: what is committed is what its results give."""

import json

import pytest

from bench import __main__ as every
from bench import discovery_report, hub_report
from bench.ranking import RESULTS


@pytest.fixture
def found():
    return {name: json.loads((RESULTS / f"{name}.json").read_text("utf-8")) for name in ("hub", "discovery")}


def test_the_committed_table_is_that_of_the_committed_results(found):
    assert (RESULTS / "aims.md").read_text("utf-8") == every.page(found["hub"], found["discovery"])


def test_it_has_the_aims_of_both(found):
    text = every.page(found["hub"], found["discovery"])
    for row in (*hub_report.aims(found["hub"]), *discovery_report.aims(found["discovery"])):
        assert "|" + "|".join(row) + "|" in text
    assert "Not measured" not in text


def test_what_was_not_measured_is_named(found):
    text = every.page(found["hub"], None)
    assert "## Discovery\n\n**Not measured**" in text
    assert "restart to ready" not in text
