"""Object Lambda's events, in every form that AWS and its emulators send."""

from __future__ import annotations

from urllib.parse import quote

from hypothesis import example, given
from hypothesis import strategies as st

from handler.doors.object_lambda import GET_OBJECT
from jitprep.service.http.ranges import PartNumber
from jitprep.service.messages import Presigned

HOST = "https://name-123456789012.s3-object-lambda.us-east-1.amazonaws.com"
keys = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30)


def event(source: str, user: str) -> dict[str, object]:
    return {
        "getObjectContext": {"inputS3Url": source},
        "userRequest": {"url": user, "headers": {"Host": "h"}},
        "configuration": {"payload": "{}"},
    }


@given(
    key=keys,
    bucket=st.sampled_from(["", "photos/"]),
    decoded=st.booleans(),
    absolute=st.booleans(),
    query=st.sampled_from(["", "?partNumber=7", "?x-id=GetObject&partNumber=7"]),
)
@example("what?partNumber=9", "", True, True, "?partNumber=7")
@example("percent%20sign", "", True, True, "")
@example("photos/photos/a", "photos/", False, False, "")
@example("/[", "photos/", False, False, "")
@example("//host/a", "", True, True, "?partNumber=7")
@example("a#b&c=d+e//f", "photos/", True, False, "?partNumber=7")
def test_the_key_is_the_objects_and_the_query_what_follows_it(
    key, bucket, decoded, absolute, query
):
    source = f"https://ap-1.s3-accesspoint.us-east-1.amazonaws.com/{bucket}{quote(key)}?X-Amz-Signature=x"
    user = (HOST if absolute else "") + "/" + (key if decoded else quote(key)) + query
    request = GET_OBJECT.parse(event(source, user))
    assert request.key == key
    assert request.part == (PartNumber(7) if query else None)


def test_signed_headers_are_found_whatever_their_case_and_host_is_not_sent():
    source = "https://h/k?X-Amz-SignedHeaders=host%3Bx-amz-request-payer%3Bx-amz-checksum-mode"
    given_event = event(source, f"{HOST}/k")
    given_event["userRequest"]["headers"] = {  # type: ignore[index]
        "Host": "h",
        "X-Amz-Request-Payer": "requester",
        "x-amz-checksum-mode": "ENABLED",
        "x-amz-other": "no",
    }
    source = GET_OBJECT.parse(given_event).source
    assert isinstance(source, Presigned)
    assert source.headers == {"x-amz-request-payer": "requester", "x-amz-checksum-mode": "ENABLED"}


def test_a_secret_is_not_shown_by_a_value_that_holds_it():
    request = GET_OBJECT.parse(event("https://h/k?X-Amz-Signature=SECRET", "/k"))
    assert "SECRET" not in repr(request)
