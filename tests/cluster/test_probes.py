"""What a load balancer is told."""

import httpx

from ioa.hub.http import build_app
from tests.cluster.cluster import cluster


async def probed(net, path):
    async with httpx.AsyncClient(transport=httpx.ASGITransport(build_app(net.hub)), base_url="http://hub") as http:
        answer = await http.get(path)
        return answer.status_code, answer.json()


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


async def test_a_replica_that_stops_is_not_ready(tmp_path):
    async with cluster(tmp_path) as made:
        stopped = made.nets.pop()
        await stopped.stop()
        assert await probed(stopped, "/readyz") == (503, {"status": "away", "problem": "the hub starts or stops"})
