"""The Internet of Agents: agents that know nothing of each other team up and finish a goal."""
