"""Manifests and chart before the real tools: schemas, helm, kustomize."""

from __future__ import annotations

import os
import subprocess

import pytest
import yaml

from migrator.verify.manifest_lint import lint
from tests.acceptance.cronjob_project import records, write_package, write_source
from tests.kubernetes_tools import (
    bundled_versions,
    helm,
    kustomize,
    program,
    validate,
)
from tests.servers import ServerMissingError

IMAGE = ("--set", "image.repository=registry.example/shop", "--set", "image.tag=1.0")


def needs(name, look):
    """Skip, saying what is missing; in CI everything must be there."""
    try:
        look()
    except ServerMissingError as error:
        if os.environ.get("CI") == "true":
            pytest.fail(str(error))
        pytest.skip(f"{name}: {error}")


@pytest.fixture(autouse=True, scope="module")
def _tools():
    needs("helm", lambda: program("helm"))
    needs("schemas", bundled_versions)


@pytest.fixture
def _kubectl():
    needs("kustomize", lambda: program("kubectl"))


@pytest.fixture(scope="module")
def k8s(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop")
    write_source(folder)
    write_package(folder, *records(folder))
    return folder / "light_tasks" / "k8s"


def by_name(text):
    return {d["metadata"]["name"]: d for d in yaml.safe_load_all(text) if d}


def test_the_newest_schemas_accept_every_manifest(k8s):
    versions = bundled_versions()
    assert len(versions) == 5
    paths = sorted((k8s / "base").glob("*-cronjob.yaml"))
    assert len(paths) == 7
    for path in paths:
        for version in versions:
            validate(yaml.safe_load(path.read_text()), version)


def test_helm_has_nothing_against_the_chart(k8s):
    assert "0 chart(s) failed" in helm("lint", "--strict", k8s / "chart", *IMAGE)


def test_helm_renders_the_manifests(k8s):
    """Two ways to install, one content: only who sets the image differs."""
    files = sorted((k8s / "base").glob("*-cronjob.yaml"))
    base = by_name("---\n".join(path.read_text() for path in files))
    chart = by_name(helm("template", "x", k8s / "chart", *IMAGE))
    for manifest in chart.values():
        assert lint(manifest) == []
        validate(manifest, bundled_versions()[-1])
    text = yaml.safe_dump(chart).replace("registry.example/shop:1.0", "app:unset")
    assert yaml.safe_load(text) == base


def test_the_chart_needs_an_image_and_a_tag(k8s):
    for given in ((), IMAGE[:2]):
        command = [program("helm"), "template", "x", str(k8s / "chart"), *given]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        assert done.returncode != 0
        assert "set image." in done.stderr


def test_a_numeric_tag_stays_text(k8s):
    given = ("--set", "image.repository=r", "--set", "image.tag=7")
    for manifest in by_name(helm("template", "x", k8s / "chart", *given)).values():
        pod = manifest["spec"]["jobTemplate"]["spec"]["template"]["spec"]
        assert pod["containers"][0]["image"] == "r:7"


@pytest.mark.usefixtures("_kubectl")
def test_the_cut_over_releases_the_jobs(k8s):
    base, live = by_name(kustomize(k8s / "base")), by_name(kustomize(k8s / "live"))
    assert {m["spec"]["suspend"] for m in base.values()} == {True}
    assert {m["spec"]["suspend"] for m in live.values()} == {False}


def test_the_chart_releases_the_jobs_by_one_value(k8s):
    chart = helm("template", "x", k8s / "chart", *IMAGE, "--set", "suspend=false")
    assert {m["spec"]["suspend"] for m in by_name(chart).values()} == {False}
