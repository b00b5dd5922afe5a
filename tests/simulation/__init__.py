"""The real hub and the real clients in a world whose time, wires, disk and accidents come out of one seed."""
