"""What a load balancer is told."""

import httpx

from ioa.hub.http import build_app
from ioa.hub.http_probes import BUS_AWAY
from ioa.hub.metrics import exposition
from tests.cluster.cluster import cluster


async def probed(net, path):
    async with httpx.AsyncClient(transport=httpx.ASGITransport(build_app(net.hub)), base_url="http://hub") as http:
        answer = await http.get(path)
        return answer.status_code, answer.json()


async def figures(net):
    lines = [line.rpartition(" ") for line in (await exposition(net.hub)).splitlines() if line[0] != "#"]
    return {name: float(value) for name, _, value in lines}


async def test_a_replica_without_its_store_lives_but_is_not_ready(tmp_path):
    async with cluster(tmp_path) as made:
        one, two = made.nets
        assert await probed(one, "/readyz") == (200, {"status": "ok"})
        await one.store.close()
        assert await probed(one, "/readyz") == (503, {"status": "away", "problem": "the store is away"})
        assert await probed(one, "/healthz") == (200, {"status": "ok"})
        assert (await probed(two, "/readyz"))[0] == 200
        await one.store.open()
        await made.clock.advance(3)
        assert (await probed(one, "/readyz"))[0] == 200


async def test_a_replica_without_its_bus_is_ready_and_says_so(tmp_path):
    async with cluster(tmp_path) as made:
        one, two = made.nets
        await made.everywhere(lambda hub: hub.sharing.replica.others == 1)
        before = await figures(one)
        assert before["ioa_bus_up"] == before["ioa_follows"] == before["ioa_leads"] == 1
        assert before["ioa_bus_gaps_total"] == 0
        assert before["ioa_replicas"] == 2
        assert (await figures(two))["ioa_leads"] == 0
        made.exchange.cut()
        assert await probed(one, "/readyz") == (200, {"status": "ok", "note": BUS_AWAY})
        assert (await figures(one))["ioa_bus_up"] == 0
        made.exchange.mend()
        assert await probed(one, "/readyz") == (200, {"status": "ok"})
        after = await figures(one)
        assert after["ioa_bus_up"] == after["ioa_bus_gaps_total"] == 1


async def test_a_replica_that_cannot_follow_tells_prometheus(tmp_path):
    async with cluster(tmp_path) as made:
        one = made.nets[0]
        await one.store.close()
        await made.clock.advance(3)
        away = await figures(one)
        assert away["ioa_follows"] == away["ioa_store_up"] == 0
        await one.store.open()
        await made.clock.advance(3)
        assert (await figures(one))["ioa_follows"] == 1


async def test_a_replica_that_stops_is_not_ready(tmp_path):
    async with cluster(tmp_path) as made:
        stopped = made.nets.pop()
        await stopped.stop()
        assert await probed(stopped, "/readyz") == (503, {"status": "away", "problem": "the hub starts or stops"})
