"""Putting a widget into a page together with what stands for it where it cannot run."""

from typing import Any

VIEW = "application/vnd.jupyter.widget-view+json"


def has_widgets() -> bool:
    """Whether ipywidgets can be imported."""
    try:
        import ipywidgets  # noqa: F401
    except ImportError:
        return False
    return True


def live_class(model_id: str) -> str:
    """The CSS class of the widget, by which its static twin knows that it is there."""
    return f"dlbook-live-{model_id}"


def display_bundle(bundle: dict[str, Any]) -> None:
    """Displays a bundle of text/plain, text/html and, where ipywidgets is installed, a widget.

    A front end that cannot find the widget's model (a page opened again, before it is run) shows an error and not the
    next format of the bundle.  So the static twin is an output of its own, hidden by CSS while the widget is alive.
    """
    from IPython.display import display

    view = bundle.get(VIEW)
    if view is None:
        display(bundle, raw=True)
        return
    live = live_class(view["model_id"])
    style = (
        f"<style>body:has(.{live}) .{live}-static{{display:none}}"
        f".jp-OutputArea-child:has(.{live}-static)+.jp-OutputArea-child .jupyter-widgets:not(:has(*))"
        "{display:none}</style>"
    )
    static = f'{style}<div class="{live}-static">{bundle["text/html"]}</div>'
    display({"text/plain": bundle["text/plain"], "text/html": static}, raw=True)
    display({"text/plain": "", VIEW: view}, raw=True)
