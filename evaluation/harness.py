"""Standard benchmarks by lm-evaluation-harness (Gao et al.), with a model named as everywhere else in Espalier.

    python evaluation/harness.py --model_args name=basil-core --tasks blimp_anaphor_number_agreement [--flag VALUE ...]

All flags are those of `lm_eval run`, which `--help` of the harness lists: lm_eval run --help. It needs an extra:
pip install -e ".[harness]"
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from espalier.errors import UserError, run_main


def main(argv: list[str]) -> None:
    if not argv or "--help" in argv or "-h" in argv:
        print(f"usage: python evaluation/harness.py --model_args name=MODEL --tasks TASK [...]\n\n{__doc__}")
        return
    try:
        from lm_eval.__main__ import cli_evaluate

        import evaluation.harness_model  # noqa: F401, makes itself known as "espalier"
    except ImportError as error:
        if error.name is None or not error.name.startswith("lm_eval"):
            raise
        raise UserError('lm-evaluation-harness is not installed; pip install -e ".[harness]"') from None
    sys.argv = ["lm_eval", "--model", "espalier", *argv]
    cli_evaluate()


if __name__ == "__main__":
    run_main(main)
