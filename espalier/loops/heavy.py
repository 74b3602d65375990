"""What commands of ours import and takes seconds: imported once, by the process that forks them (see `warm`).

Of ours only what reads files is, since a loop runs for hours while somebody may mend it; which code is behind a command
is asked of the files as they lie there, of which only those that changed are parsed again.
"""

import accelerate  # noqa: F401
import matplotlib.figure  # noqa: F401
import pandas  # noqa: F401
import peft  # noqa: F401
import pyarrow  # noqa: F401
import pydantic  # noqa: F401
import safetensors.torch  # noqa: F401
import scipy.stats  # noqa: F401
import torch  # noqa: F401
import transformers  # noqa: F401
from transformers import LlamaForCausalLM  # noqa: F401

from espalier.artifacts.code_behind import read_every_module

read_every_module()
