"""The tools of ReAct agents, one module each: plain typed functions that any other framework can use as well."""
