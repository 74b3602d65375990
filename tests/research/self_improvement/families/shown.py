"""What a judge is shown."""

import json
import re
from typing import Any

MARK = "data-"
"""What the line above and below it begins with."""


def shown_in(prompt: str) -> dict[str, Any]:
    """The data in a prompt, of which there is one block."""
    (block,) = re.findall(rf"^({MARK}\w+)\n(.*?)\n\1$", prompt, re.DOTALL | re.MULTILINE)
    data: dict[str, Any] = json.loads(block[1])
    return data
