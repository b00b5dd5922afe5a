"""Files of many kinds as text: what a file is (`recognise`), one reader a kind, and the process they run in."""
