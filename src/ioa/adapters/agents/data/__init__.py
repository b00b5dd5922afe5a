"""Tables and questions about them, without a model: what the data analyst and the plotter share."""
