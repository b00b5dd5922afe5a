"""PostgreSQL and NATS servers of one's own, for tests and for trying: they never outlive the process that started
them, and no server that happens to run is ever used."""

from ioa.testing.servers.nats import NatsServer
from ioa.testing.servers.postgres import PostgresServer
from ioa.testing.servers.supervised import ServerUnavailable, spare_port

__all__ = ["NatsServer", "PostgresServer", "ServerUnavailable", "spare_port"]
