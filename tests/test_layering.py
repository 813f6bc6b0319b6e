"""Who may import whom, and how long a file may be: DESIGN.md's house rules."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
AWS_SDKS = {"boto3", "botocore", "s3transfer", "aiobotocore", "awslambdaric", "awscrt"}
ALLOWED = {
    "preprocessing": set(),
    "handler": {"preprocessing", "jitprep.service"},
    "jitprep.service": {"preprocessing", "jitprep.sigv4"},
    "jitprep.server": {"preprocessing", "jitprep.playground", "jitprep.service", "jitprep.sigv4"},
    "jitprep.sigv4": set(),
    "jitprep.emulator": {"jitprep.sigv4"},
    "jitprep.tables": {"preprocessing"},
    "jitprep.reader": {"preprocessing", "jitprep.service", "jitprep.sigv4", "jitprep.tables"},
    "jitprep.backfill": {"preprocessing", "jitprep.service", "jitprep.tables"},
    "jitprep.costs": {"preprocessing", "jitprep.service"},
    "jitprep.playground": {"preprocessing", "jitprep.service", "jitprep.costs"},
    "jitprep.cli": {
        "preprocessing",
        "jitprep.service",
        "jitprep.sigv4",
        "jitprep.playground",
        "jitprep.emulator",
        "jitprep.reader",
        "jitprep.server",
        "jitprep.backfill",
        "jitprep.costs",
    },
}  # what each package may import of the others


def files(package: str) -> list[Path]:
    folder = ROOT / package.replace(".", "/")
    assert folder.is_dir(), f"{folder} is not there"
    found = sorted(folder.rglob("*.py"))
    assert found, f"{folder} has no modules"
    return found


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def import_graph(package: str, *, at_load: bool) -> dict[str, set[str]]:
    """Return which modules of a package each of its modules imports."""
    paths = {module_of(path): path for path in files(package)}
    graph = {name: imports(path, at_load=at_load) & paths.keys() for name, path in paths.items()}
    # "from package import module" names the package too, whose own __init__ may be what imports us.
    for name, wanted in graph.items():
        wanted -= {other for other in wanted if any(w.startswith(f"{other}.") for w in wanted)}
        wanted.discard(name)
    return graph


def imports(path: Path, *, at_load: bool = False) -> set[str]:
    """Modules that a file names in its imports, `if TYPE_CHECKING` left out.

    With `at_load`, only those that importing the file runs: what functions import is left out too.
    """
    found: set[str] = set()
    package = path.relative_to(ROOT).parent.parts
    for node in _nodes(ast.parse(path.read_text()), at_load=at_load):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            origin = ".".join((*base, *filter(None, [node.module])))
            found |= {origin, *(f"{origin}.{alias.name}" for alias in node.names)}
    return found


def _nodes(tree: ast.AST, *, at_load: bool) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if at_load and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        yield node
        yield from _nodes(node, at_load=at_load)


def tops(names: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in names}


def packages(names: set[str]) -> set[str]:
    """Return which of our packages the modules belong to."""
    return {
        package
        for package in ALLOWED
        if any(f"{name}.".startswith(f"{package}.") for name in names)
    }


def test_every_package_is_here() -> None:
    rooms = {f"jitprep.{path.parent.name}" for path in (ROOT / "jitprep").glob("*/__init__.py")}
    assert ALLOWED.keys() == {"preprocessing", "handler"} | rooms


@pytest.mark.parametrize("package", ALLOWED)
def test_packages_import_only_what_they_may(package: str) -> None:
    for path in files(package):
        others = packages(imports(path)) - {package}
        assert others <= ALLOWED[package], f"{path.relative_to(ROOT)} imports {others}"


def test_the_library_knows_nothing_of_aws() -> None:
    for path in files("preprocessing"):
        assert not tops(imports(path)) & AWS_SDKS, path


def test_signatures_need_the_standard_library_alone() -> None:
    for path in files("jitprep.sigv4"):
        others = tops(imports(path)) - sys.stdlib_module_names
        assert others <= {"jitprep"}, f"{path.relative_to(ROOT)} imports {others}"


def service_modules(path: Path) -> set[str]:
    """Return what a file imports of `jitprep.service`, as modules."""
    ours = {name for name in imports(path) if name.startswith("jitprep.service.")}
    known = {module_of(file) for file in files("jitprep.service")}
    return ours & known - {
        "jitprep.service.source",
        "jitprep.service.source.stored",
        "jitprep.service.results",
        "jitprep.service.http",
    }


# What each package may import of the service, beside facts about Lambda and S3's names.
FACTS = {"jitprep.service.lambda_limits", "jitprep.service.s3_names"}
SHARED = {
    # How copies are known, content codings undone, and heads read, and which hosts are AWS's.
    "jitprep.backfill": {
        "jitprep.service.results.copy_metadata",
        "jitprep.service.results.derived_object",
        "jitprep.service.http.content_codings",
        "jitprep.service.http.whole_heads",
        "jitprep.service.source.s3_hosts",
    },
    # The presets, which links lead out of a folder, how originals are opened in a store, the copies that
    # are kept of results, the checksums of answers, what each HTTP client refuses, and the processors
    # that a loader may use.
    "jitprep.reader": {
        "jitprep.service.config",
        "jitprep.service.http.checksums",
        "jitprep.service.http_client.content_length",
        "jitprep.service.http_client.idle",
        "jitprep.service.deadline",
        "jitprep.service.errors",
        "jitprep.service.messages",
        "jitprep.service.results.copy_format",
        "jitprep.service.results.copy_place",
        "jitprep.service.results.derived_object",
        "jitprep.service.results.kept_part",
        "jitprep.service.source.aws_credentials",
        "jitprep.service.source.opening",
        "jitprep.service.source.original",
        "jitprep.service.source.original_store",
        "jitprep.service.source.ranged_source",
        "jitprep.service.source.stored.folder",
        "jitprep.service.source.stored.listed_page",
        "jitprep.service.source.source_errors",
        "jitprep.service.source.stores",
        "jitprep.service.thread_pools",
    },
    # How originals are listed and read, whole; the presets and limits; the names of errors; and the
    # processors that may be used.
    "jitprep.playground": {
        "jitprep.service.config",
        "jitprep.service.deadline",
        "jitprep.service.errors",
        "jitprep.service.messages",
        "jitprep.service.settings",
        "jitprep.service.source.opening",
        "jitprep.service.source.source_errors",
        "jitprep.service.source.stored.listed_page",
        "jitprep.service.thread_pools",
    },
    # How a video is read in ranges, to count the requests that this takes.
    "jitprep.costs": {
        "jitprep.service.deadline",
        "jitprep.service.source.ranged_source",
        "jitprep.service.source.response_heads",
    },
}


@pytest.mark.parametrize("package", SHARED)
def test_packages_share_little_with_the_service(package: str) -> None:
    used = set().union(*map(service_modules, files(package)))
    assert used - FACTS == SHARED[package]


def test_doors_are_pure_codecs() -> None:
    """They import no configuration, no signing, no source; one sends its reply to S3."""
    codecs = {
        "jitprep.service.deadline",
        "jitprep.service.errors",
        "jitprep.service.http.client_request",
        "jitprep.service.http.s3_reads",
        "jitprep.service.messages",
        "jitprep.service.shards.body_stream",
    }
    for path in files("handler.doors"):
        by = {"jitprep.service.aws.write_get_object_response"}
        sends = by if path.stem == "object_lambda" else set()
        more = service_modules(path) - codecs - FACTS - sends
        more |= tops(imports(path)) & {"boto3", "os", "urllib3"}
        assert not more, f"{path}: a door is a codec, and leaves the use of these to the service"


def test_facts_are_cheap_to_import() -> None:
    """They are read where neither an SDK nor a decoder is wanted."""
    for module in FACTS:
        path = ROOT / f"{module.replace('.', '/')}.py"
        assert tops(imports(path)) <= {"__future__", "dataclasses", "re"}, path


def test_immutable_values_are_frozen_classes() -> None:
    """Each `dataclass` makes a cold start longer. Facts may have one: they import nothing of ours."""
    facts = {ROOT / f"{module.replace('.', '/')}.py" for module in FACTS}
    for package in ("preprocessing", "handler", "jitprep.service"):
        for path in set(files(package)) - facts:
            assert "@dataclass(frozen=True" not in path.read_text(), f"{path}: write @frozen"


def test_kernels_depend_on_numpy_alone() -> None:
    for path in files("preprocessing.kernels"):
        ours = {name for name in imports(path) if name.startswith("preprocessing")}
        allowed = ("preprocessing.kernels", "preprocessing.frozen", "preprocessing.cancellation")
        assert all(name.startswith(allowed) for name in ours), path


def test_only_the_demo_and_the_tests_need_scikit_image() -> None:
    for package in ("preprocessing", "handler", "jitprep.service", "jitprep.emulator"):
        for path in files(package):
            assert "skimage" not in tops(imports(path, at_load=True)), path


@pytest.mark.parametrize("package", ALLOWED)
def test_no_import_cycles(package: str) -> None:
    """`graphlib` raises CycleError, naming the modules."""
    TopologicalSorter(import_graph(package, at_load=True)).prepare()


@pytest.mark.parametrize(
    "package",
    ["jitprep.reader", "jitprep.backfill", "jitprep.costs", "jitprep.playground", "jitprep.cli"],
)
def test_imports_within_functions_make_no_cycles_either(package: str) -> None:
    TopologicalSorter(import_graph(package, at_load=False)).prepare()


@pytest.mark.parametrize("package", ALLOWED)
def test_a_file_is_read_in_one_sitting(package: str) -> None:
    for path in files(package):
        assert len(path.read_text().splitlines()) <= 300, path


def test_this_test_would_notice() -> None:
    here = imports(Path(__file__))
    assert {"ast", "collections.abc.Iterator", "graphlib"} <= here
    assert "preprocessing.kernels.image.geometry.taps" in imports(
        ROOT / "preprocessing/planner/stages/resample.py", at_load=True
    )
    assert "preprocessing.preview" in imports(ROOT / "preprocessing/pipeline.py")
    assert "preprocessing.preview" not in imports(ROOT / "preprocessing/pipeline.py", at_load=True)
