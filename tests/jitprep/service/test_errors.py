"""Every failure has a code in S3's form that is documented."""

from __future__ import annotations

import re
from pathlib import Path

import preprocessing
from jitprep.service import errors

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs" / "errors.md"


def _library_errors(kind: type[Exception]) -> set[type[Exception]]:
    below = set(kind.__subclasses__())
    return below.union(*(_library_errors(sub) for sub in below)) if below else {kind}


def test_each_error_of_the_library_has_an_answer_of_its_own():
    kinds = _library_errors(preprocessing.PreprocessingError)
    leaves = [kind for kind in kinds if not kind.__subclasses__()]
    codes = {errors.as_request_failed(kind("why")).code for kind in leaves}
    assert len(codes) == len(leaves)
    assert "InternalError" not in codes


def codes_in(*folders: str) -> set[str]:
    source = "".join(
        path.read_text() for folder in folders for path in (ROOT / folder).rglob("*.py")
    )
    failed = r"(?:RequestFailed|SignatureRefused)\(\s*\d+,"
    return set(re.findall(rf'(?:{failed}|_response\(\d+,|, \d{{3}},)\s*"(\w+)"', source))


def test_every_code_is_of_s3s_form_and_documented():
    own = codes_in("jitprep/service", "jitprep/server", "handler")
    assert {"CorruptObject", "UnknownPipeline", "DeadlineExceeded", "SlowDown"} <= own
    for code in own:
        assert re.fullmatch(r"[A-Z][a-zA-Z]+", code), f"{code} does not have the form of S3's codes"
    of_signatures = codes_in("jitprep/sigv4")  # S3's own words
    assert {"SignatureDoesNotMatch", "RequestTimeTooSkewed"} <= of_signatures
    documented = DOCS.read_text()
    for code in own | of_signatures:
        assert f"`{code}`" in documented, f"describe {code} in docs/errors.md"
