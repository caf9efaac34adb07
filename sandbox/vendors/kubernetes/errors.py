"""What the API server answers when it refuses: a Status object."""

from __future__ import annotations

from typing import Any

from sandbox.vendors.kubernetes.resources import Body, Resource


class ApiError(Exception):
    """A refusal. `status` is the HTTP status, `body` the Status object."""

    def __init__(self, status: int, reason: str, message: str, **details: Any) -> None:
        super().__init__(message)
        self.status = status
        self.body: Body = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": message,
            "reason": reason,
            "details": details,
            "code": status,
        }


def unauthorized() -> ApiError:
    """Nobody that is known."""
    return ApiError(401, "Unauthorized", "Unauthorized")


def not_found(resource: Resource, name: str) -> ApiError:
    """There is no such object."""
    details = {"name": name, "group": resource.group, "kind": resource.plural}
    return ApiError(404, "NotFound", f'{resource.qualified} "{name}" not found', **details)


def conflict(resource: Resource, name: str) -> ApiError:
    """Somebody else was faster."""
    message = (
        f'Operation cannot be fulfilled on {resource.qualified} "{name}": the object has been modified; '
        "please apply your changes to the latest version and try again"
    )
    return ApiError(409, "Conflict", message, name=name, group=resource.group, kind=resource.plural)


def forbidden(resource: Resource, name: str, why: str) -> ApiError:
    """Not allowed: by RBAC, or by a quota."""
    of = f'{resource.qualified} "{name}"' if name else resource.qualified
    details = {"name": name, "group": resource.group, "kind": resource.plural}
    return ApiError(403, "Forbidden", f"{of} is forbidden: {why}", **details)


def invalid(resource: Resource, name: str, causes: list[tuple[str, str]]) -> ApiError:
    """The object would be wrong. `causes` are (field, message)."""
    said = ", ".join(f"{path}: {message}" for path, message in causes)
    listed = [{"reason": "FieldValueInvalid", "field": path, "message": message} for path, message in causes]
    message = f'{resource.kind}{"." + resource.group if resource.group else ""} "{name}" is invalid: '
    message += said if len(causes) == 1 else f"[{said}]"
    details = {"name": name, "group": resource.group, "kind": resource.kind, "causes": listed}
    return ApiError(422, "Invalid", message, **details)


def bad_request(message: str) -> ApiError:
    """It cannot be understood."""
    return ApiError(400, "BadRequest", message)


def too_many(message: str, seconds: int | None = None, **details: Any) -> ApiError:
    """Later, perhaps: the budget of disruptions is used up, or the server has too much to do."""
    more = {"retryAfterSeconds": seconds} if seconds else {}
    return ApiError(429, "TooManyRequests", message, **details, **more)
