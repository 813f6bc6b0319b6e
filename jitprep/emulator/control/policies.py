"""Validation of access point policies, as in S3 Control. Policies are not enforced."""

from __future__ import annotations

import json
from typing import Any

from jitprep.emulator.s3_errors import S3Error

_REQUIRED = {"Effect", "Principal"}
_EFFECTS = ("Allow", "Deny")
_LARGEST = 20 * 1024


def require_valid_policy(text: str) -> None:
    """Raise S3Error unless a policy is well-formed and not public.

    Raises
    ------
    S3Error
        MalformedPolicy if it is not a policy; AccessDenied if it is public, which the public access
        block of every Object Lambda access point forbids.
    """
    if len(text.encode()) > _LARGEST:
        raise _malformed(f"The policy is longer than {_LARGEST} bytes.")
    try:
        policy = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _malformed(f"The policy is not JSON: {error}.") from None
    statements = policy.get("Statement") if isinstance(policy, dict) else None
    if isinstance(statements, dict):
        statements = [statements]
    if not isinstance(statements, list) or not statements:
        raise _malformed("The policy must be an object with a Statement.")
    for statement in statements:
        _require_valid_statement(statement)


def _require_valid_statement(statement: Any) -> None:
    if not isinstance(statement, dict) or not statement.keys() >= _REQUIRED:
        raise _malformed("A Statement must have Effect and Principal.")
    if statement["Effect"] not in _EFFECTS:
        raise _malformed(f"Effect is {statement['Effect']!r}; it must be Allow or Deny.")
    for what in ("Action", "Resource"):
        if len({what, f"Not{what}"} & statement.keys()) != 1:
            raise _malformed(f"A Statement must have either {what} or Not{what}.")
    public = statement["Principal"] in ("*", {"AWS": "*"}, {"AWS": ["*"]})
    if public and statement["Effect"] == "Allow" and not statement.get("Condition"):
        raise S3Error(403, "AccessDenied", "The policy is public, and BlockPublicPolicy is on.")


def _malformed(message: str) -> S3Error:
    return S3Error(400, "MalformedPolicy", message)
