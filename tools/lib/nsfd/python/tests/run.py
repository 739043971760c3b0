# SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
"""Runs tests as unittest does, and prints TAP. See run.sh."""

import unittest

import tap
from tap.runner import TAPTestResult


class Result(TAPTestResult):
    """Has one line for each test, so that a skipped one has its name too."""

    def addSubTest(self, test, subtest, err):
        if err is not None:
            super().addSubTest(test, subtest, err)


if __name__ == "__main__":
    runner = tap.TAPTestRunner()
    runner.resultclass = Result
    runner.set_stream(True)
    unittest.main(None, testRunner=runner)
