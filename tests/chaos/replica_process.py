"""One replica of a hub over a shared store and a bus: `python -m tests.chaos.replica_process --port P --data D --store
URL --bus URL`. Discovery is by words."""

from __future__ import annotations

import argparse
import asyncio
import os
from pathlib import Path

from ioa.adapters.bus.opening import open_bus
from ioa.adapters.clock import SystemClock, new_id
from ioa.adapters.index import open_index
from ioa.adapters.store.opening import open_store
from ioa.hub.hub import Hub
from ioa.hub.serving import HttpServer
from ioa.hub.settings import HubSettings


async def main(given: argparse.Namespace) -> None:
    hub = Hub(
        HubSettings(data_dir=given.data, port=given.port, users={"me": os.environ["IOA_HUB_TOKEN"]}),
        store=open_store(given.store),
        bus=open_bus(given.bus),
        index=await asyncio.to_thread(lambda: open_index(meaning=False)),
        clock=SystemClock(),
        new_id=new_id,
    )
    await hub.start()
    await HttpServer(hub).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.replica_process", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--store", required=True)
    parser.add_argument("--bus", required=True)
    asyncio.run(main(parser.parse_args()))
