"""Errors in the words of OpenAI and Azure OpenAI."""

from __future__ import annotations

from ioa.testing.model_formats.conversation import JsonObject, Service
from ioa.testing.model_formats.failure import Failure

_ARTICLE = {"object": "an object", "array": "an array", "integer": "an integer", "string": "a string"}
_STATUS = {
    "bad_request": 400,
    "context": 400,
    "wrong_key": 401,
    "no_key": 401,
    "not_found": 404,
    "rate_limit": 429,
    "quota": 429,
    "server": 500,
    "overloaded": 503,
}
_WRONG_KEY = "Incorrect API key provided. You can find your API key at https://platform.openai.com/account/api-keys."
_NO_KEY = (
    "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth "
    "(i.e. Authorization: Bearer YOUR_KEY)."
)
_AZURE_KEY = (
    "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an "
    "active subscription and use a correct regional API endpoint for your resource."
)


def openai_error(failure: Failure, model: str, service: Service, *, responses: bool) -> tuple[int, JsonObject]:
    """Status and body. `responses` is for the Responses API, which words some of them its own way."""
    status = failure.status or _STATUS[failure.kind]
    if service == "azure" and failure.kind in ("wrong_key", "no_key"):
        return status, {"error": {"code": "401", "message": _AZURE_KEY}}
    kind, code, param, message = "invalid_request_error", None, None, failure.message
    match failure.kind:
        case "bad_request":
            said, code = _bad_field(failure)
            message, param = message or said, failure.brackets or None
        case "context":
            code, param = "context_length_exceeded", "input" if responses else "messages"
            message = message or _too_long(failure, responses)
        case "wrong_key" | "no_key":
            code = "invalid_api_key" if failure.kind == "wrong_key" else None
            message = message or (_WRONG_KEY if code else _NO_KEY)
        case "not_found":
            code = "DeploymentNotFound" if service == "azure" else "model_not_found"
            message = message or f"The model `{model}` does not exist or you do not have access to it."
        case "rate_limit":
            kind, code = "requests", "rate_limit_exceeded"
            wait = "later" if failure.retry_after_s is None else f"in {failure.retry_after_s:g}s"
            message = message or (
                f"Rate limit reached for {model} in organization org-scripted on requests per min (RPM): Limit 3, "
                f"Used 3, Requested 1. Please try again {wait}."
            )
        case "quota":
            kind, code = "insufficient_quota", "insufficient_quota"
            message = message or "You exceeded your current quota, please check your plan and billing details."
        case "server":
            kind = "server_error"
            message = message or "The server had an error while processing your request. Sorry about that!"
        case "overloaded":
            kind, code = "service_unavailable_error", "server_is_overloaded"
            message = message or "The engine is currently overloaded, please try again later"
    return status, {"error": {"message": message, "type": kind, "param": param, "code": code}}


def _too_long(failure: Failure, responses: bool) -> str:
    if responses:
        return "Your input exceeds the context window of this model. Please adjust your input and try again."
    return (
        f"This model's maximum context length is {failure.limit_tokens} tokens. However, your messages resulted in "
        f"{failure.tokens} tokens. Please reduce the length of the messages."
    )


def _bad_field(failure: Failure) -> tuple[str, str | None]:
    where = failure.brackets
    match failure.problem:
        case "missing":
            return f"Missing required parameter: '{where}'.", "missing_required_parameter"
        case "type":
            wanted = " or ".join(_ARTICLE.get(kind, f"a {kind}") for kind in failure.expected)
            got = _ARTICLE.get(failure.got, failure.got)
            return f"Invalid type for '{where}': expected {wanted}, but got {got} instead.", "invalid_type"
        case "value":
            wanted = ", ".join(f"'{word}'" for word in failure.expected)
            return f"Invalid value for '{where}': '{failure.got}'. Supported values are: {wanted}.", "invalid_value"
        case "unknown":
            return f"Unknown parameter: '{where}'.", "unknown_parameter"
        case "said":
            return failure.message, None
