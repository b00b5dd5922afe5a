"""The wire formats of model services, as `ioa.testing.model_server` speaks them: one module a format, each of which
reads a request into a `ModelRequest` and writes a `Reply` in the words of its service."""
