"""The look of the terminal: signs and colours on a UTF-8 terminal, words elsewhere, progress."""

import io

import pytest

from cisterna.outside.terminal import Mark, Progress, Terminal, ascii_text, plain_data, write_text


class Screen(io.StringIO):
    """A terminal with a given encoding."""

    def __init__(self, encoding="utf-8"):
        super().__init__()
        self._encoding = encoding

    encoding = property(lambda self: self._encoding)

    def isatty(self):
        return True


@pytest.fixture
def colours(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")


def test_colour_is_on_sign_and_verdict_word_only(colours):
    stream = Screen()
    Terminal(stream).verdict(Mark("supported", "supported"), "9.4 mmHg")
    assert stream.getvalue() == "\033[1;32m✓ supported\033[0m  9.4 mmHg\n"


@pytest.mark.parametrize("why", ["NO_COLOR", "dumb", "latin-1", "pipe"])
def test_words_only(colours, monkeypatch, why):
    stream = io.StringIO() if why == "pipe" else Screen("latin-1" if why == "latin-1" else "utf-8")
    if why == "NO_COLOR":
        monkeypatch.setenv("NO_COLOR", "1")
    if why == "dumb":
        monkeypatch.setenv("TERM", "dumb")
    screen = Terminal(stream)
    screen.line(Mark("ok", "read"), "−130 µm ± 0.6 · mm²")
    screen.table(["a", ">b"], [["é", Mark("HIGH", "HIGH")]])
    assert stream.getvalue() == "[ok] read  -130 um +- 0.6; mm2\na     b\ne  HIGH\n"


def test_control_characters_of_a_file_do_not_reach_the_terminal(colours):
    stream = Screen()
    Terminal(stream).line("name\033[2Jend")
    assert "\033" not in stream.getvalue()


def test_a_table_fits_80_columns_and_aligns(colours):
    stream = Screen()
    Terminal(stream).table(["name", ">value", "source"], [["a", "1.5", "x" * 200], ["bb", "12.25", "y"]])
    lines = stream.getvalue().replace("\033[1m", "").replace("\033[0m", "").splitlines()
    assert all(len(line) <= 80 for line in lines)
    assert lines[2].index("1.5") + 3 == lines[3].index("12.25") + 5
    pipe = io.StringIO()
    Terminal(pipe).table(["name", "source"], [["a", "x" * 200]])
    assert "x" * 200 in pipe.getvalue()


def test_every_letter_has_a_nearest_spelling():
    assert ascii_text("Lindström ß Ω “x” 10 °C ≤ 3") == 'Lindstrom ss ? "x" 10 degC <= 3'


def test_progress_in_a_pipe_is_one_line_per_step():
    stream = io.StringIO()
    with Progress("evaluation", terminal=Terminal(stream)) as step:
        for k in range(100):
            step(k / 100, "sacrum")
    assert stream.getvalue().startswith("evaluation         done   0.") and stream.getvalue().count("\n") == 1


def test_interrupted_progress_says_how_far_it_came():
    stream = io.StringIO()
    with pytest.raises(KeyboardInterrupt), Progress("treatment", terminal=Terminal(stream)) as step:
        step.model_time(1518.0, 3120.0)
        raise KeyboardInterrupt
    assert stream.getvalue() == "treatment          49 %   25:18 of 52:00\n"


def test_progress_on_a_terminal_is_a_bar_of_thirty(colours):
    stream = Screen()
    with Progress("evaluation", terminal=Terminal(stream)):
        pass
    last = stream.getvalue().split("\r")[-1]
    assert last.count("━") == 30 and "✓" in last and last.endswith("s\n")
    quiet = Screen()
    with Progress("evaluation", quiet=True, terminal=Terminal(quiet)) as step:
        step(0.5)
    assert quiet.getvalue() == ""


def test_json_data_is_plain():
    import numpy as np

    value = {"a": np.float64(1.5), "b": np.array([1, 2]), "c": float("nan"), "d": (None, True), "e": np.bool_(True)}
    assert plain_data(value) == {"a": 1.5, "b": [1, 2], "c": None, "d": [None, True], "e": True}


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    from cisterna.ground.errors import CisternaError

    file = tmp_path / "a.txt"
    write_text(file, "old")
    with pytest.raises(UnicodeEncodeError):
        write_text(file, "\ud800")
    assert file.read_text() == "old" and list(tmp_path.iterdir()) == [file]
    for place in (tmp_path, tmp_path / "no" / "a.txt"):
        with pytest.raises(CisternaError, match="cannot be written"):
            write_text(place, "x")
