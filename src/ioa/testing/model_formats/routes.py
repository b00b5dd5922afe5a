"""Which path speaks which format."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from ioa.testing.model_formats import listings
from ioa.testing.model_formats.anthropic_messages import AnthropicMessages
from ioa.testing.model_formats.format import Format
from ioa.testing.model_formats.gemini import Gemini
from ioa.testing.model_formats.openai_chat import OpenAIChat
from ioa.testing.model_formats.openai_responses import OpenAIResponses

Serve: TypeAlias = Callable[[Format, bool, Scope, Receive, Send], Awaitable[None]]


class _Endpoint:
    """One format at one path. `versioned` paths are Azure's, which need `?api-version=`; Gemini's name the method."""

    def __init__(self, serve: Serve, spoken: Format, *, counting: bool = False, versioned: bool = False) -> None:
        self._serve = serve
        self._spoken = spoken
        self._counting = counting
        self._versioned = versioned

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._versioned and "api-version" not in Request(scope).query_params:
            error = {"error": {"code": "404", "message": "Resource not found"}}
            await JSONResponse(error, 404)(scope, receive, send)
            return
        target = scope["path_params"].get("target")
        if target is not None:
            model, _, method = str(target).partition(":")
            if method not in ("generateContent", "streamGenerateContent"):
                await (await _not_found(Request(scope), None))(scope, receive, send)
                return
            scope["path_params"] = {"model": model, "method": method}
        await self._serve(self._spoken, self._counting, scope, receive, send)


def build_app(serve: Serve, models: Sequence[str], ollama: bool) -> Starlette:
    """The application: `serve` answers what a model is asked, the rest are lists."""

    def post(path: str, spoken: Format, *, counting: bool = False, versioned: bool = False) -> Route:
        endpoint = _Endpoint(serve, spoken, counting=counting, versioned=versioned)
        return Route(path, endpoint, methods=["POST"])

    chat, azure_chat = OpenAIChat(), OpenAIChat("azure")
    responses, azure_responses = OpenAIResponses(), OpenAIResponses("azure")
    routes = [
        post("/v1/chat/completions", chat),
        post("/v1/responses", responses),
        post("/openai/deployments/{deployment}/chat/completions", azure_chat, versioned=True),
        post("/openai/responses", azure_responses, versioned=True),
        post("/openai/v1/chat/completions", azure_chat),
        post("/openai/v1/responses", azure_responses),
        post("/v1/messages", AnthropicMessages()),
        post("/v1/messages/count_tokens", AnthropicMessages(counting=True), counting=True),
        post("/v1beta/models/{target}", Gemini()),
        *_lists(models),
        *(_ollama(models) if ollama else ()),
    ]
    return Starlette(routes=routes, exception_handlers={404: _not_found, 405: _not_found})


def _lists(models: Sequence[str]) -> list[Route]:
    async def all_models(request: Request) -> Response:
        anthropic = "anthropic-version" in request.headers
        return JSONResponse(listings.anthropic_models(models) if anthropic else listings.openai_models(models))

    async def one_model(request: Request) -> Response:
        model = request.path_params["model"]
        if model not in models:
            message = f"The model '{model}' does not exist"
            error = {"message": message, "type": "invalid_request_error", "param": "model", "code": "model_not_found"}
            return JSONResponse({"error": error}, 404)
        anthropic = "anthropic-version" in request.headers
        return JSONResponse(listings.anthropic_model(model) if anthropic else listings.openai_model(model))

    async def google_models(_: Request) -> Response:
        return JSONResponse(listings.gemini_models(models))

    return [
        Route("/v1/models", all_models),
        Route("/v1/models/{model:path}", one_model),
        Route("/openai/v1/models", all_models),
        Route("/v1beta/models", google_models),
    ]


def _ollama(models: Sequence[str]) -> list[Route]:
    async def running(_: Request) -> Response:
        return PlainTextResponse("Ollama is running")

    async def version(_: Request) -> Response:
        return JSONResponse({"version": listings.OLLAMA_VERSION})

    async def tags(_: Request) -> Response:
        return JSONResponse(listings.ollama_tags(models))

    return [Route("/", running), Route("/api/version", version), Route("/api/tags", tags)]


async def _not_found(request: Request, _: Exception | None) -> Response:
    message = f"Invalid URL ({request.method} {request.url.path})"
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": None}
    return JSONResponse({"error": error}, 404)
