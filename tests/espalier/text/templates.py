"""Chat templates of well-known families in miniature: what they do that others do not, in as few lines as it takes."""

from typing import Any

CHATML = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)

# The last turn shows thoughts, or a block without any; earlier ones do not; asked not to think, the prompt closes it.
QWEN3 = (
    "{%- if tools %}{{ '<|im_start|>system\n' + (tools | tojson) + '<|im_end|>\n' }}{% endif -%}"
    "{%- set ns = namespace(last=-1) -%}"
    "{%- for m in messages %}{% if m.role == 'user' %}{% set ns.last = loop.index0 %}{% endif %}{% endfor -%}"
    "{%- for m in messages -%}"
    "{%- if m.role == 'tool' -%}"
    "{{ '<|im_start|>user\n<tool_response>\n' + m.content + '\n</tool_response><|im_end|>\n' }}"
    "{%- elif m.role != 'assistant' %}{{ '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}"
    "{%- else %}{% set thought = m.reasoning_content if m.reasoning_content is defined else '' -%}"
    "{{- '<|im_start|>assistant\n' -}}"
    "{%- if loop.index0 > ns.last and (loop.last or thought) -%}"
    "{{ '<think>\n' + thought.strip('\n') + '\n</think>\n\n' + m.content.lstrip('\n') }}"
    "{%- else %}{{ m.content }}{% endif -%}"
    "{%- for call in m.tool_calls or [] %}{% if m.content or not loop.first %}{{ '\n' }}{% endif -%}"
    "{{ '<tool_call>\n' + (call.function | tojson) + '\n</tool_call>' }}{% endfor -%}"
    "{{ '<|im_end|>\n' }}{% endif -%}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}"
    "{%- if enable_thinking is defined and enable_thinking is false %}{{ '<think>\n\n</think>\n\n' }}{% endif %}"
    "{%- endif -%}"
)

# Prints the day, and trims contents.
LLAMA3 = (
    "{{ bos_token }}<|start_header_id|>system<|end_header_id|>\n\nToday Date: "
    "{{ strftime_now('%d %b %Y') if strftime_now is defined else '26 Jul 2024' }}\n\n"
    "{%- set begin = 0 %}{% if messages[0].role == 'system' %}{{ messages[0].content | trim }}{% set begin = 1 %}"
    "{% endif %}<|eot_id|>"
    "{% for m in messages[begin:] %}<|start_header_id|>{{ m.role }}<|end_header_id|>\n\n"
    "{{ m.content | trim }}<|eot_id|>{% endfor %}"
    "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
)

# Says the system message in the first user turn, calls the assistant model, and wants turns to alternate.
GEMMA3 = (
    "{{ bos_token }}{% set said = '' %}{% set rest = messages %}"
    "{% if messages[0].role == 'system' %}{% set said = messages[0].content + '\n\n' %}{% set rest = messages[1:] %}"
    "{% endif %}{% for m in rest %}"
    "{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('roles must alternate') }}{% endif %}"
    "<start_of_turn>{{ 'model' if m.role == 'assistant' else m.role }}\n"
    "{{ said if loop.first else '' }}{{ m.content | trim }}<end_of_turn>\n{% endfor %}"
    "{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
)

# Refuses a system message.
GEMMA2 = "{% if messages[0].role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}" + GEMMA3

# Puts a space before contents, nothing to ask for a reply, and the system message into the last user turn.
MISTRAL = (
    "{{ bos_token }}{% set rest = messages %}{% set said = '' %}"
    "{% if messages[0].role == 'system' %}{% set said = messages[0].content + '\n\n' %}{% set rest = messages[1:] %}"
    "{% endif %}{% for m in rest %}{% if m.role == 'user' %}[INST] "
    "{% if loop.last or loop.revindex == 2 %}{{ said }}{% endif %}{{ m.content }}[/INST]"
    "{% else %} {{ m.content }}{{ eos_token }}{% endif %}{% endfor %}"
)

# Ends every text with the end token, unless a reply is asked for.
PHI = (
    "{% for m in messages %}<|{{ m.role }}|>\n{{ m.content }}<|end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n{% else %}{{ eos_token }}{% endif %}"
)

# Opens the thoughts in its prompt, and drops those of earlier turns.
ALWAYS_THINKS = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n"
    "{% if m.role == 'assistant' and loop.last %}<think>\n{{ m.reasoning_content or '' }}\n</think>\n\n{% endif %}"
    "{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n<think>\n{% endif %}"
)

FAMILIES = {
    "chatml": CHATML,
    "qwen3": QWEN3,
    "llama3": LLAMA3,
    "gemma3": GEMMA3,
    "gemma2": GEMMA2,
    "mistral": MISTRAL,
    "phi": PHI,
    "always thinks": ALWAYS_THINKS,
}
_SPECIAL = [
    "<|im_start|>", "<|im_end|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "<start_of_turn>",
    "<end_of_turn>", "[INST]", "[/INST]", "<|end|>", "<|user|>", "<|assistant|>", "<|system|>", "<s>", "</s>",
]  # fmt: skip
_PLAIN = ["<think>", "</think>", "<tool_call>", "</tool_call>"]


def tokenizer() -> Any:
    """Bytes, and the special tokens of all families; those of thoughts and calls are added but not special."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    backend = Tokenizer(models.BPE(vocab={letter: at for at, letter in enumerate(alphabet)}, merges=[]))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    backend.add_special_tokens([AddedToken(each, special=True, normalized=False) for each in _SPECIAL])
    backend.add_tokens([AddedToken(each, special=False, normalized=False) for each in _PLAIN])
    return PreTrainedTokenizerFast(tokenizer_object=backend, bos_token="<s>", eos_token="</s>")
