"""Networks of processes under faults, and the checker that judges from what was written whether the law was kept."""
