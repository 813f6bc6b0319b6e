"""What a client's own signature says, and where it stands in a request. Nothing is verified."""

from __future__ import annotations

# Of both signature versions: boto3 still presigns with the old one where no region is asked for.
AUTH_PARAMETERS = frozenset(
    {
        "awsaccesskeyid",
        "expires",
        "signature",
        "x-amz-algorithm",
        "x-amz-credential",
        "x-amz-date",
        "x-amz-expires",
        "x-amz-security-token",
        "x-amz-signature",
        "x-amz-signedheaders",
    }
)


def credential(authorization: str, parameter: str) -> str:
    """Return SigV4's credential, ``key/date/region/service/aws4_request``.

    Parameters
    ----------
    authorization
        The Authorization header; an empty string if there is none.
    parameter
        The query's X-Amz-Credential, which a presigned URL has instead.
    """
    if "Credential=" in authorization:
        return authorization.partition("Credential=")[2].partition(",")[0]
    return parameter
