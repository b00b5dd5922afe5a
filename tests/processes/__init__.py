"""Networks of real processes: killed, started again, and on hosts of their own."""
