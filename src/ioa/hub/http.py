"""The hub as an ASGI application: HTTP API and event streams. The agents' WebSocket is in `sockets`, beside it."""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import unquote

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ioa.hub import (
    http_agents,
    http_artifacts,
    http_audit,
    http_connection,
    http_goals,
    http_groups,
    http_me,
    http_metrics,
    http_quotas,
    http_tokens,
)
from ioa.hub.endpoint import (
    SLASH,
    ApiError,
    Call,
    Endpoint,
    ErrorBody,
    decoded_body,
    decoded_query,
    error_of,
    error_response,
    json_response,
)
from ioa.hub.http_goals import Reason
from ioa.hub.http_page import page_routes
from ioa.hub.http_probes import probe_routes
from ioa.hub.http_tokens import Rotation
from ioa.hub.hub import Hub
from ioa.hub.openapi import openapi
from ioa.hub.peers import peer_of
from ioa.hub.security import Identity, bearer
from ioa.hub.settings import HubSettings
from ioa.ports.store import Conflict, StoreUnavailable
from ioa.protocol.errors import Code, ProtocolError, Refused
from ioa.protocol.names import printable

log = logging.getLogger(__name__)

ENDPOINTS: tuple[Endpoint, ...] = (
    *http_agents.ENDPOINTS,
    *http_goals.ENDPOINTS,
    *http_groups.ENDPOINTS,
    *http_artifacts.ENDPOINTS,
    *http_metrics.ENDPOINTS,
    *http_tokens.ENDPOINTS,
    *http_audit.ENDPOINTS,
    *http_quotas.ENDPOINTS,
    *http_me.ENDPOINTS,
    *http_connection.ENDPOINTS,
)
CONNECT_PATH = "/v1/connect"
_OPTIONAL_BODIES = (Reason, Rotation)


def build_app(hub: Hub) -> Starlette:
    """The application of a hub that is started elsewhere. Serve it with `ioa.hub.serving`, or any ASGI server."""
    description = msgspec.json.encode(openapi(ENDPOINTS))

    async def described(request: Request) -> Response:
        return Response(description, media_type="application/json")

    by_path: dict[str, list[Endpoint]] = {}
    for endpoint in ENDPOINTS:
        by_path.setdefault(endpoint.path, []).append(endpoint)
    routes = [_route(hub, path, endpoints) for path, endpoints in by_path.items()]
    return Starlette(
        routes=[*routes, Route("/openapi.json", described), *probe_routes(hub), *page_routes(hub.settings.page)],
        exception_handlers={HTTPException: _not_found},
        middleware=[Middleware(_WholeSegments)],
    )


class _WholeSegments:
    """Keeps an encoded slash out of the routing: an agent may be called "A/B tester", and `%2F` is part of its name."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        raw: bytes = scope.get("raw_path") or b""
        if scope["type"] == "http" and b"%2f" in raw.lower():
            segments = raw.partition(b"?")[0].decode("latin-1").split("/")
            path = "/".join(unquote(segment).replace("/", SLASH) for segment in segments)
            scope = {**scope, "path": path}
        await self._app(scope, receive, send)


def guarded(app: ASGIApp, settings: HubSettings) -> ASGIApp:
    """The application behind a check of who is asked for: a page in a browser must not reach a hub on loopback by
    making its own host name resolve to it, nor open a socket from another origin. What is answered is data, for no
    browser to draw, frame or guess at; over TLS, browsers are told to keep to it (not for names of this machine)."""
    headers_always = [
        (b"x-content-type-options", b"nosniff"),
        (b"x-frame-options", b"DENY"),
        (b"referrer-policy", b"no-referrer"),
        (b"cross-origin-resource-policy", b"same-origin"),
        (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'; sandbox"),
    ]
    if settings.tls_certificate is not None and not settings.on_loopback:
        headers_always.append((b"strict-transport-security", b"max-age=31536000"))

    def hardened(send: Send) -> Send:
        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                given: list[tuple[bytes, bytes]] = list(message.get("headers", ()))
                names = {name.lower() for name, _ in given}
                added = [header for header in headers_always if header[0] not in names]
                message = {**message, "headers": [*given, *added]}
            await send(message)

        return sent

    async def checked(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = HTTPConnection(scope).headers
            problem = wrong_host(headers.get("host", ""), headers.get("origin"), settings)
            if problem is not None:
                await error_response(ApiError(403, "not_allowed", problem))(scope, receive, hardened(send))
                return
            if "transfer-encoding" in headers and "content-length" in headers:
                # A proxy in front may see another end of this request than we do (RFC 9112, 6.3).
                twice = ApiError(400, "malformed", "Content-Length beside Transfer-Encoding; send one of them")
                answer = error_response(twice)
                answer.headers["Connection"] = "close"
                await answer(scope, receive, hardened(send))
                return
            await app(scope, receive, hardened(send))
            return
        await app(scope, receive, send)

    return checked


def admitted(path: str, host: str, origin: str | None, settings: HubSettings) -> tuple[int, str] | None:
    """May a request for a socket go on? If not, the status and the reason."""
    problem = wrong_host(host, origin, settings)
    if problem is not None:
        return 403, problem
    return None if path.partition("?")[0] == CONNECT_PATH else (404, f"agents connect to {CONNECT_PATH}")


def wrong_host(host: str, origin: str | None, settings: HubSettings) -> str | None:
    """What is wrong with a request's Host and Origin, if anything."""
    if settings.on_loopback and not _is_local(host, settings.allowed_hosts):
        return f"Host {host[:100]!r} is not this hub; ask for 127.0.0.1 or localhost, or set allowed_hosts"
    if origin is not None and origin.partition("://")[2] != host:
        return f"Origin {origin[:100]!r} is another site's; pages of other sites may not use this hub"
    return None


def _is_local(host: str, allowed: Sequence[str]) -> bool:
    name = host.rpartition("]")[0].lstrip("[") if host.startswith("[") else host.rpartition(":")[0] or host
    if name in ("localhost", *allowed):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _route(hub: Hub, path: str, endpoints: Sequence[Endpoint]) -> Route:
    methods = {endpoint.method: _handled(hub, endpoint) for endpoint in endpoints}

    async def dispatch(request: Request) -> Response:
        return await methods["GET" if request.method == "HEAD" else request.method](request)

    return Route(path, dispatch, methods=list(methods))


def _handled(hub: Hub, endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
    async def handle(request: Request) -> Response:
        try:
            return await _called(hub, endpoint, request)
        except ApiError as error:
            return error_response(error)
        except ProtocolError as error:
            return error_response(error_of(error))
        except (StoreUnavailable, Conflict) as error:
            log.warning("refused a request: %s", printable(str(error)))
            return error_response(ApiError(503, "unavailable", f"the hub cannot store or read this now: {error}"))
        except UnicodeError:
            return error_response(
                ApiError(400, "malformed", "a text of the request is no Unicode; correct its encoding")
            )
        except Exception:  # connection loop: a bug in one answer is that answer's only
            log.exception("%s %s failed", endpoint.method, endpoint.path)
            return error_response(ApiError(500, "internal", "internal error of the hub; its log has the details"))

    return handle


async def _called(hub: Hub, endpoint: Endpoint, request: Request) -> Response:
    limits = hub.settings.limits
    caller = None if endpoint.public else await _identified(hub, endpoint, request)
    query = decoded_query(request, endpoint.query)
    body: object = None
    if endpoint.body is not None and not (endpoint.body in _OPTIONAL_BODIES and _no_body(request)):
        body = await decoded_body(request, endpoint.body, max_bytes=limits.body_bytes, timeout_s=limits.body_timeout_s)
    answer = await endpoint.handler(Call(hub=hub, request=request, caller=caller, query=query, body=body))
    return answer if isinstance(answer, Response) else json_response(answer, endpoint.status)


async def _identified(hub: Hub, endpoint: Endpoint, request: Request) -> Identity:
    """Who asks. Raises `Refused`: not_authenticated, too_fast, not_allowed for an operation that is not for them."""
    peer = peer_of(request)
    header = request.headers.get("authorization")
    token = bearer(header) if header is not None or peer.certificate is None else None
    caller = await hub.sign_in.identify(token, peer)
    if caller.kind not in endpoint.scopes and not (caller.operator and "operator" in endpoint.scopes):
        raise Refused(
            "not_allowed", f"this is not for the token of a {caller.kind}; it is for: {', '.join(endpoint.scopes)}"
        )
    return caller


def _no_body(request: Request) -> bool:
    return request.headers.get("content-length", "0") == "0" and "transfer-encoding" not in request.headers


async def _not_found(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    known = tuple(f"{endpoint.method} {endpoint.path}" for endpoint in ENDPOINTS)
    code: Code = "illegal_now" if error.status_code == 405 else "unknown_kind"
    message = f"{request.method} {request.url.path} is not possible here; /openapi.json describes what is"
    return json_response({"error": ErrorBody(code=code, message=printable(message), legal=known)}, error.status_code)
