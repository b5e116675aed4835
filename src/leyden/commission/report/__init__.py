"""The report as one HTML file: it needs no network, prints on A4, and says everything in Chinese and English."""

from leyden.commission.report.page import Lang, html_report

__all__ = ["Lang", "html_report"]
