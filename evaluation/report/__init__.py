"""The report: what a teacher wants to read, first the answer, then what it rests on."""

from evaluation.report.contents import conclusions, log_line, write_report
from evaluation.report.material import Material

__all__ = ["Material", "conclusions", "log_line", "write_report"]
