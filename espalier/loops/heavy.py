"""What commands of ours import and takes seconds: imported once, by the process that forks them (see `warm`)."""

import accelerate  # noqa: F401
import peft  # noqa: F401
import safetensors.torch  # noqa: F401
import torch  # noqa: F401
import transformers  # noqa: F401
from transformers import LlamaForCausalLM  # noqa: F401
