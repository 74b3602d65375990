"""What writes an export of each form."""

from collections.abc import Callable

from exports import adapter, merge
from exports.config import Form
from exports.exported import Exported

WRITERS: dict[Form, Callable[[Exported], None]] = {"merged": merge.write, "adapter": adapter.write}
"""Each writes its files into the export's folder; UserError where the model cannot be said in that form."""
