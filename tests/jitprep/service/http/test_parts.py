"""What of the handler needs no event: hosts, configuration, presets, conditions."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

import preprocessing
from jitprep.service import errors
from jitprep.service.config import config
from jitprep.service.deadline import Deadline
from jitprep.service.messages import Presigned
from jitprep.service.source.original import fetch
from preprocessing import Pipeline

DOCS = Path(__file__).parents[4] / "docs" / "errors.md"


@pytest.fixture(autouse=True)
def fresh_config(monkeypatch):
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    config.cache_clear()
    yield
    config.cache_clear()


@pytest.mark.parametrize(
    "url",
    [
        "http://photos.s3.us-east-1.amazonaws.com/a",
        "https://127.0.0.1/a",
        "https://169.254.169.254/latest/meta-data",
        "https://s3.amazonaws.com.evil.example/a",
        "https://evil.example/s3.amazonaws.com",
        "https://s3.us-east-1.amazonaws.com@evil.example/a",
        "https://user@photos.s3.us-east-1.amazonaws.com/a",
        "https://photos.s3.us-east-1.amazonaws.com:8443/a",
        "https://s3.us-east-1.elb.amazonaws.com/a",
        "https://s3-lookalike-1.us-east-1.elb.amazonaws.com/a",
        "file:///etc/passwd",
        "",
    ],
)
def test_only_s3_is_read(url):
    with pytest.raises(errors.RequestFailed) as caught, fetch(Presigned(url), Deadline.of(60_000)):
        pass
    assert caught.value.code == "SourceNotAllowed"
    assert url not in caught.value.message or not url


@pytest.mark.parametrize(
    "host",
    [
        "myap-123412341234.s3-accesspoint.us-east-1.amazonaws.com",
        "photos.s3.eu-central-1.amazonaws.com",
        "photos.with.dots.s3.amazonaws.com",
        "s3.dualstack.us-gov-west-1.amazonaws.com",
        "ap-1.s3-accesspoint-fips.dualstack.us-east-1.amazonaws.com",
        "photos.s3.cn-north-1.amazonaws.com.cn",
    ],
)
def test_s3s_own_hosts_are_allowed(host):
    # With no time left an allowed URL gets as far as the clock, and no packet is sent.
    source = Presigned(f"https://{host}/a?X-Amz-Signature=x")
    with pytest.raises(errors.RequestFailed) as caught, fetch(source, Deadline.of(0)):
        pass
    assert caught.value.code == "DeadlineExceeded"


def test_every_preset_of_the_image_parses():
    for name, spec in config().presets.items():
        assert Pipeline.parse(spec), name
    assert config().default_preset in config().presets


def test_presets_can_be_replaced(monkeypatch, tmp_path):
    path = tmp_path / "presets.toml"
    path.write_text(
        'default = "small"\n[presets.small]\nversion = 1\nencode = {png = {}}\n'
        "steps = [{resize = {size = 8}}]\n"
    )
    monkeypatch.setenv("JITPREP_PRESETS", str(path))
    config.cache_clear()
    assert str(Pipeline.parse(config().presets["small"])) == "resize:8/png"


@pytest.mark.parametrize("text", ["", "[presets]", "default = 1 2", 'default = "x"'])
def test_a_wrong_presets_file_is_named(monkeypatch, tmp_path, text):
    path = tmp_path / "presets.toml"
    path.write_text(text)
    monkeypatch.setenv("JITPREP_PRESETS", str(path))
    config.cache_clear()
    with pytest.raises(ValueError, match=re.escape(str(path))):
        config()


@pytest.mark.parametrize("text", ["0", "-1", "many", "1.5"])
def test_a_wrong_limit_is_named(monkeypatch, text):
    monkeypatch.setenv("JITPREP_MAX_PIXELS", text)
    config.cache_clear()
    with pytest.raises(ValueError, match="JITPREP_MAX_PIXELS"):
        config()


def test_the_deadline_keeps_time_for_the_answer():
    assert Deadline.of(60_000).left == pytest.approx(57, abs=0.1)
    assert Deadline.of(900_000).left == pytest.approx(57, abs=0.1)
    assert Deadline.of(3_000).left == pytest.approx(2.4, abs=0.1)
    assert Deadline(time.monotonic() - 1).left == 0


def _library_errors(kind: type[Exception]) -> set[type[Exception]]:
    below = set(kind.__subclasses__())
    return below.union(*(_library_errors(sub) for sub in below)) if below else {kind}


def test_each_error_of_the_library_has_an_answer_of_its_own():
    kinds = _library_errors(preprocessing.PreprocessingError)
    leaves = [kind for kind in kinds if not kind.__subclasses__()]
    codes = {errors.explain(kind("why")).code for kind in leaves}
    assert len(codes) == len(leaves)
    assert "InternalError" not in codes


def test_every_code_is_of_s3s_form_and_documented():
    source = "".join(path.read_text() for path in (Path(errors.__file__).parent).rglob("*.py"))
    codes = set(
        re.findall(r'(?:RequestFailed\(\s*\d+,|_response\(\d+,|, \d{3},)\s*"(\w+)"', source)
    )
    assert {"CorruptObject", "UnknownPipeline", "DeadlineExceeded", "InternalError"} <= codes
    documented = DOCS.read_text()
    for code in codes:
        assert re.fullmatch(r"[A-Z][a-zA-Z]+", code)
        assert f"`{code}`" in documented, code
