"""What every test of the sandbox asks first."""

import pytest

from espalier.sandbox import missing

WHY = missing()
needs_walls = pytest.mark.skipif(WHY is not None, reason=f"the sandbox needs namespaces: {WHY}")
