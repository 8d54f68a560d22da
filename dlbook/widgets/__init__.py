"""Interactive figures and questions for the pages.  Where widgets cannot run, a picture and its numbers stand instead.

    def line(slope, intercept):                      # pure: the same values give the same figure
        figure = plots.figure(5, 3)
        figure.subplots().plot([0, 1], [intercept, intercept + slope])
        return figure

    explore(line, dict(slope=Slider(-2.0, 2.0, 1.0, label="slope"),
                       intercept=Slider(-1.0, 1.0, 0.0, label="intercept")),
            alt=lambda slope, intercept: f"A line from {intercept:.2f} to {intercept + slope:.2f}",
            table=lambda slope, intercept: {"slope": slope, "value at 1": intercept + slope}, title="A line")

    ask("03-perceptron/xor-question")

Write the names of the arguments with `dict(slope=…)`: they are code, and stay as they are when the page is translated;
labels are strings, and are translated with it.
"""

from dlbook.widgets.controls import Checkbox, LogSlider, Options, Slider, Steps
from dlbook.widgets.draw import DrawPad, draw_pad
from dlbook.widgets.explorer import Explorer, Shown, explore
from dlbook.widgets.questions import Choice, Question, QuestionCell, ask

__all__ = [
    "Checkbox",
    "Choice",
    "DrawPad",
    "Explorer",
    "LogSlider",
    "Options",
    "Question",
    "QuestionCell",
    "Shown",
    "Slider",
    "Steps",
    "ask",
    "draw_pad",
    "explore",
]
