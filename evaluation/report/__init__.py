"""The report: what a teacher wants to read, first the answer, then what it rests on."""

from evaluation.report.material import Material
from evaluation.report.page import conclusions, log_line, write_report

__all__ = ["Material", "conclusions", "log_line", "write_report"]
