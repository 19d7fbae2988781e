# SPDX-License-Identifier: Apache-2.0
"""What the tests share. A test imports from here and never from another test; the docstring of each file says what it is
an oracle for, and where its truth comes from. tests/pytest.ini puts this package on the path."""
