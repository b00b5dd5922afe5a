"""Errors in the words of Google."""

from __future__ import annotations

from ioa.testing.model_formats.conversation import JsonObject
from ioa.testing.model_formats.failure import Failure

_TYPES = {"object": "TYPE_MESSAGE", "array": "TYPE_MESSAGE", "string": "TYPE_STRING", "integer": "TYPE_INT32"}
_STATUS = {
    "bad_request": (400, "INVALID_ARGUMENT"),
    "context": (400, "INVALID_ARGUMENT"),
    "wrong_key": (400, "INVALID_ARGUMENT"),
    "no_key": (403, "PERMISSION_DENIED"),
    "not_found": (404, "NOT_FOUND"),
    "rate_limit": (429, "RESOURCE_EXHAUSTED"),
    "quota": (429, "RESOURCE_EXHAUSTED"),
    "server": (500, "INTERNAL"),
    "overloaded": (503, "UNAVAILABLE"),
}
_QUOTA = "You exceeded your current quota, please check your plan and billing details."
_RPC = "type.googleapis.com/google.rpc."


def gemini_error(failure: Failure, model: str) -> tuple[int, JsonObject]:
    """Status and body."""
    status, word = _STATUS[failure.kind]
    status = failure.status or status
    details = _details(failure)
    error: JsonObject = {"code": status, "message": failure.message or _words(failure, model), "status": word}
    return status, {"error": {**error, "details": details} if details else error}


def _words(failure: Failure, model: str) -> str:
    match failure.kind:
        case "bad_request":
            return _bad_field(failure)
        case "context":
            return (
                f"The input token count ({failure.tokens}) exceeds the maximum number of tokens allowed "
                f"({failure.limit_tokens})."
            )
        case "wrong_key":
            return "API key not valid. Please pass a valid API key."
        case "no_key":
            return (
                "Method doesn't allow unregistered callers (callers without established identity). Please use API Key "
                "or other form of API consumer identity to call this API."
            )
        case "not_found":
            return f"models/{model} is not found for API version v1beta, or is not supported for generateContent."
        case "rate_limit" | "quota":
            return _QUOTA
        case "server":
            return "An internal error has occurred. Please retry or report in https://developers.generativeai.google/"
        case "overloaded":
            return "The model is overloaded. Please try again later."


def _details(failure: Failure) -> list[JsonObject]:
    match failure.kind:
        case "wrong_key":
            info = {"reason": "API_KEY_INVALID", "domain": "googleapis.com"}
            return [{"@type": f"{_RPC}ErrorInfo", **info, "metadata": {"service": "generativelanguage.googleapis.com"}}]
        case "rate_limit":
            per_minute = _violation("GenerateRequestsPerMinutePerProjectPerModel-FreeTier")
            if failure.retry_after_s is None:
                return [per_minute]
            return [per_minute, {"@type": f"{_RPC}RetryInfo", "retryDelay": f"{failure.retry_after_s:g}s"}]
        case "quota":
            return [_violation("GenerateRequestsPerDayPerProjectPerModel-FreeTier")]
        case "bad_request" if failure.path:
            violation = {"field": failure.brackets, "description": failure.message or _bad_field(failure)}
            return [{"@type": f"{_RPC}BadRequest", "fieldViolations": [violation]}]
        case _:
            return []


def _violation(quota: str) -> JsonObject:
    metric = "generativelanguage.googleapis.com/generate_content_free_tier_requests"
    return {"@type": f"{_RPC}QuotaFailure", "violations": [{"quotaMetric": metric, "quotaId": quota}]}


def _bad_field(failure: Failure) -> str:
    where = failure.brackets
    match failure.problem:
        case "missing":
            return f"* GenerateContentRequest.{where}: {where.rpartition('.')[2]} is not specified\n"
        case "type":
            wanted = "/".join(_TYPES.get(kind, kind) for kind in failure.expected)
            return f"Invalid value at '{where}' ({wanted}), got {failure.got}"
        case "value":
            return f"Invalid value at '{where}', \"{failure.got}\": expected {' or '.join(failure.expected)}"
        case "unknown":
            return f'Invalid JSON payload received. Unknown name "{failure.got}": Cannot find field.'
        case "said":
            return failure.message
