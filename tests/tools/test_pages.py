"""Written pages are as new as what they describe."""

from tools.pages import pages


def test_written_pages_are_up_to_date():
    for path, text in pages().items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name} is old: run python tools/pages.py"
