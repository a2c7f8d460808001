"""The reading of the programme's reports: nothing that did not pass is taken for a pass."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.conformance.programme import Check, read_findings

JUNIT = """\
<testsuites>
  <testsuite name="all" tests="4" failures="2" errors="1" skipped="3">
    <testcase name="all/get" classname="" status="passed"></testcase>
    <testcase name="all/put" classname="" status="failure">
      <system-out>expected 201, received 500</system-out>
    </testcase>
    <testcase name="all/mount" classname="" status="skipped"></testcase>
    <testcase name="all/never" classname="" status="error"></testcase>
  </testsuite>
</testsuites>
"""
RESULTS = """\
config:
  cacheAuth: true
  data:
    sha512: false
apis:
  Blob get: Pass
  Blob mount: Skip
data:
  Image: FAIL
"""


def test_what_did_not_pass_is_found(tmp_path: Path) -> None:
    """Failed, broken and left-out checks, the totals, and settings that are off all show."""
    (tmp_path / "junit.xml").write_text(JUNIT)
    (tmp_path / "results.yaml").write_text(RESULTS)
    findings = read_findings(tmp_path, "")
    assert findings.checks[0] == Check("all/get", "passed", "")
    assert findings.not_passed == {
        "all/put": "expected 201, received 500",
        "all/mount": "",
        "all/never": "",
    }
    assert findings.totals == {"failures": 2, "errors": 1, "skipped": 3, "disabled": 0}
    assert findings.apis == {"Blob get": "Pass", "Blob mount": "Skip"}
    assert findings.data == {"Image": "FAIL"}
    assert findings.switched_off == ("sha512",)


@pytest.mark.parametrize("written", ["junit.xml", "results.yaml"])
def test_a_run_without_all_reports_is_no_run(tmp_path: Path, written: str) -> None:
    """One report alone, as a crash leaves it, is refused with what was printed."""
    (tmp_path / written).write_text(JUNIT)
    with pytest.raises(AssertionError, match="panic: nil pointer"):
        read_findings(tmp_path, "panic: nil pointer")


def test_results_of_another_form_are_refused(tmp_path: Path) -> None:
    """A results file without the known sections is refused, not read as empty."""
    (tmp_path / "junit.xml").write_text(JUNIT)
    (tmp_path / "results.yaml").write_text("config:\n  sha512: true\n")
    with pytest.raises(AssertionError, match="another form"):
        read_findings(tmp_path, "")
