"""The client: what gives one agent its place in the network."""

from ioa.client.client import Client, ClientSettings
from ioa.client.handshake import ClientEnded, Patience
from ioa.client.journal import Journal, JournalFailed

__all__ = ["Client", "ClientEnded", "ClientSettings", "Journal", "JournalFailed", "Patience"]
