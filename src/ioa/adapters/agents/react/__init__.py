"""ReAct agents: a language model that reasons and acts with tools. Source: IoA paper, 3.1 (the ReAct agents)."""
