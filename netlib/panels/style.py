"""The look of all panels: one style sheet on JupyterLab's variables, and one size for the room.

Every length is in em of the panel, so that the one number `--netlib-scale` makes controls, tables
and pictures larger together. What matters for a new panel:

- `netlib-main` on the button that does what the panel is for; Stop looks unlike it by itself;
- `fold` (panel.py) hides what is needed seldom behind one button;
- a table without a row of data is not shown;
- colours of text are `var(--netlib-sender)`, `-receiver`, `-loss`, `-grey`, which read well on the
  ground of either theme; a picture's ground is `var(--netlib-ground)`, its lines `currentColor`;
- what is in an `HTML` scrolls sideways where the page is too narrow for it; a picture's `min-width`
  keeps its labels at 11 pixels.
"""

import os

from netlib.show.style import LOSS, RECEIVER, SENDER

ROOMS = {"normal": 1.0, "large": 1.3}  # times the size of the notebook's own text
VARIABLE = "NETLIB_ROOM"
_chosen: list[str] = []


def room(size: str | None = None) -> str:
    """Choose the size of panels that are opened from now on; return the one that holds.

    size: "normal" or "large". Unless one was chosen, the variable NETLIB_ROOM says it.
    Raises ValueError for another.
    """
    if size is not None:
        if size not in ROOMS:
            raise ValueError(f"size must be one of {', '.join(ROOMS)}, got {size!r}")
        _chosen[:] = [size]
    wanted = _chosen[0] if _chosen else os.environ.get(VARIABLE, "normal")
    return wanted if wanted in ROOMS else "normal"


_SIZES = "".join(f".netlib-{name} {{--netlib-scale: {size:g}}}\n" for name, size in ROOMS.items())
STYLE = f"""<style>
.netlib-panel {{
  --netlib-sender: {SENDER}; --netlib-receiver: #00704f; --netlib-loss: #b34700;
  --netlib-grey: #5f5f5f; --netlib-main: {SENDER}; --netlib-on: #fff;
  --netlib-ground: var(--jp-layout-color0, #fff); --netlib-ink: var(--jp-ui-font-color1, #222);
  --netlib-quiet: var(--jp-layout-color2, #eee); --netlib-rule: var(--jp-border-color1, #bbb);
  --netlib-real: {SENDER}; --netlib-lost: {LOSS}; --netlib-acked: {RECEIVER};
  --jp-widgets-font-size: 1em; --jp-widgets-inline-height: 2em; --jp-widgets-margin: 0.15em;
  --jp-widgets-inline-width-short: 10em; --jp-widgets-inline-width: 20em;
  --jp-widgets-slider-handle-size: 1.1em; --jp-widgets-slider-track-thickness: 0.3em;
  --jp-widgets-color: var(--netlib-ink); --jp-widgets-label-color: var(--netlib-ink);
  --jp-widgets-readout-color: var(--netlib-ink); --jp-widgets-input-color: var(--netlib-ink);
  font-size: calc(var(--netlib-scale, 1) * var(--jp-content-font-size1, 14px));
  color: var(--netlib-ink); background: var(--netlib-ground);
  border: 1px solid var(--netlib-rule); border-radius: 0.4em; padding: 0.5em 0.8em;
  box-sizing: border-box; max-width: 100%; overflow: hidden;
}}
[data-jp-theme-light="false"] .netlib-panel {{
  --netlib-sender: #6cc1f5; --netlib-receiver: #3fd0a5; --netlib-loss: #ff9d5c;
  --netlib-grey: #a8a8a8; --netlib-real: #56b4e9; --netlib-lost: #ff8a3d;
}}
{_SIZES}
.netlib-panel .widget-box {{overflow: visible; max-width: 100%}}
.netlib-panel .widget-hbox {{flex-flow: row wrap; align-items: center; gap: 0.1em 0.5em}}
.netlib-panel .widget-vbox {{gap: 0.2em}}
.netlib-panel .netlib-heading {{justify-content: space-between}}
.netlib-panel .netlib-name .widget-html-content {{font-weight: 600}}
.netlib-panel .widget-html, .netlib-panel .widget-html-content {{
  font-size: inherit; line-height: 1.4; min-height: 0; margin: 0; max-width: 100%;
}}
.netlib-panel .widget-html-content {{overflow-x: auto}}
.netlib-panel .jupyter-widgets, .netlib-panel .widget-inline-hbox {{max-width: 100%}}
.netlib-panel .netlib-wide {{
  flex: 1 1 12em; width: auto; min-width: 0; max-width: min(30em, 100% - 0.3em);
}}
.netlib-panel .widget-html:not(.netlib-status) .widget-html-content:empty {{display: none}}
.netlib-panel .widget-label, .netlib-panel .widget-readout {{
  line-height: 2em; height: 2em; min-width: 0; color: var(--netlib-ink);
}}
.netlib-panel .widget-readout {{flex: 0 0 4em; width: 4em; padding: 0; overflow: visible}}
.netlib-panel input, .netlib-panel select {{font-size: inherit; height: 2em; min-width: 0}}
.netlib-panel input[type="checkbox"] {{width: 1em; height: 1em}}
.netlib-panel .jupyter-button {{
  width: auto; min-width: 5.5em; padding: 0 0.9em; line-height: 1.9em; border-radius: 0.3em;
  border: 1px solid var(--netlib-rule); background: var(--netlib-quiet); color: var(--netlib-ink);
  font-size: inherit; box-shadow: none; overflow: visible;
}}
.netlib-panel .jupyter-button:hover:enabled {{border-color: var(--netlib-ink); box-shadow: none}}
.netlib-panel .jupyter-button.mod-active {{
  background: var(--netlib-ink); border-color: var(--netlib-ink); color: var(--netlib-ground);
}}
.netlib-panel .jupyter-button.netlib-main {{
  background: var(--netlib-main); border-color: var(--netlib-main); color: var(--netlib-on);
  font-weight: 600;
}}
.netlib-panel .jupyter-button.netlib-stop {{
  background: transparent; border-color: var(--netlib-loss); color: var(--netlib-loss);
  font-weight: 600;
}}
.netlib-panel .jupyter-button:disabled {{
  background: transparent; border: 1px dashed var(--netlib-rule); color: var(--netlib-grey);
  opacity: 1;
}}
.netlib-panel .jupyter-button.netlib-fold {{
  background: transparent; border-color: transparent; color: var(--netlib-sender);
  padding: 0 0.2em; text-decoration: underline;
}}
.netlib-panel :focus-visible {{
  outline: 0.18em solid var(--netlib-sender) !important; outline-offset: 0.1em;
}}
.netlib-panel:focus {{outline: none}}
.netlib-panel table {{
  line-height: 1.4; border-spacing: 0; border-collapse: collapse; margin: 0.2em 0;
  font-size: 0.93em; color: inherit; table-layout: auto; font-variant-numeric: tabular-nums;
}}
.netlib-panel table:not(:has(td)) {{display: none}}
.netlib-panel th, .netlib-panel td {{
  padding: 0.05em 1.2em 0.05em 0; overflow-wrap: break-word; max-width: none;
}}
.netlib-panel th {{
  color: var(--netlib-grey); font-weight: 600; border-bottom: 1px solid var(--netlib-rule);
}}
.netlib-panel tr, .netlib-panel tr:nth-child(even), .netlib-panel tr:hover {{
  background: none !important;
}}
.netlib-panel .netlib-status .widget-html-content {{
  min-height: 1.4em; border-left: 0.25em solid var(--netlib-sender); padding-left: 0.6em;
}}
.netlib-panel .widget-label {{text-align: left}}
.netlib-panel .widget-checkbox {{height: 2em; align-items: center}}
.netlib-panel .widget-checkbox label {{display: flex; align-items: center; gap: 0.4em}}
.netlib-panel .noUi-handle {{
  border: 0.15em solid var(--netlib-sender); background: var(--netlib-ground); box-shadow: none;
}}
.netlib-panel .noUi-connect {{background: var(--netlib-main)}}
.netlib-panel .jupyter-widgets-disconnected::before {{display: none}}
.netlib-panel.netlib-dead > :not(.netlib-status) {{opacity: 0.5}}
.netlib-tape .widget-html-content > div {{
  font-family: var(--jp-code-font-family, monospace); line-height: 1.8; white-space: pre;
}}
.netlib-tape div > span:first-child {{display: inline-block; width: 5.5em}}
.netlib-tape div > span:not(:first-child) {{ /* shadows take no room: a byte has one column */
  box-shadow: 0 0 0 1px currentColor, -1px 0 currentColor; letter-spacing: 0.15em;
}}
.netlib-tape .netlib-sender {{color: var(--netlib-sender)}}
.netlib-tape .netlib-receiver {{color: var(--netlib-receiver)}}
.netlib-panel .netlib-beside {{align-items: flex-start; gap: 0.3em 1em}}
.netlib-left {{flex: 1 1 14em; min-width: min(14em, 100%)}}
.netlib-left .widget-dropdown {{width: 100%}}
.netlib-left .jupyter-button {{min-width: 0; padding: 0 0.5em}}
.netlib-sides .widget-vbox {{flex: 1 1 5em}}
.netlib-sides .widget-label {{font-weight: 600}}
.netlib-sides .jupyter-button {{margin: 0.1em 0; width: 100%}}
.netlib-is-client {{color: var(--netlib-sender) !important}}
.netlib-is-server {{color: var(--netlib-receiver) !important}}
.netlib-diagram {{flex: 4 1 28em; min-width: 0; width: 100%}}
.netlib-large .netlib-diagram {{flex-basis: 36em}}
.netlib-diagram svg {{
  display: block; min-width: 490px; max-width: 46em !important; overflow: visible;
  font-size: 17px; letter-spacing: -0.03em; font-family: inherit;
}}
.netlib-diagram .widget-html-content {{padding: 0 0.3em 0 1.5em; box-sizing: border-box}}
.netlib-diagram text[font-weight] {{letter-spacing: -0.06em}}
.netlib-diagram svg > rect:first-child {{fill: none}}
.netlib-diagram text[stroke] {{stroke: var(--netlib-ground); fill: var(--netlib-ink)}}
.netlib-diagram rect[fill="#f4f4f4"] {{fill: var(--netlib-quiet); stroke: var(--netlib-rule)}}
.netlib-diagram rect[fill="#f4f4f4"] + text {{fill: var(--netlib-ink)}}
.netlib-diagram text[font-style] {{fill: var(--netlib-ink); transform: translateX(-14px)}}
.netlib-diagram rect[rx="8"], .netlib-diagram rect[rx="8"] + text {{transform: translateY(-4px)}}
.netlib-diagram rect[fill="{RECEIVER}"] {{fill: #00704f}}
.netlib-panel .netlib-grid {{
  display: grid; grid-template-columns: repeat(auto-fit, minmax(min(max(14em, 30%), 100%), 1fr));
  gap: 0.1em 0.8em;
}}
.netlib-panel .netlib-grid > * {{width: auto !important; margin: 0}}
.netlib-grid .slider-container {{flex: 1 1 0; min-width: 2em}}
.netlib-panel .slider-container {{margin: 0 0.9em 0 0.5em}}
.netlib-source {{flex: 0 1 auto}}
.netlib-source:has(details[open]) {{flex-basis: 100%}}
.netlib-bars {{
  display: grid; grid-template-columns: auto 1fr; gap: 0.15em 0.6em; max-width: 44em;
  margin: 0.3em 0;
}}
.netlib-bars .netlib-bar {{display: flex; align-items: stretch}}
.netlib-bars .netlib-axis {{
  grid-column: 2; position: relative; height: 1.5em; border-top: 1px solid var(--netlib-rule);
}}
.netlib-axis span {{
  position: absolute; transform: translateX(-50%); font-size: 0.93em; white-space: nowrap;
}}
.netlib-axis span:first-child {{transform: none}}
.netlib-axis span:last-child {{transform: translateX(-100%)}}
.netlib-key span {{margin-right: 1.2em; white-space: nowrap}}
.netlib-key i {{
  display: inline-block; width: 0.8em; height: 0.8em; margin-right: 0.4em;
  border: 1px solid var(--netlib-rule);
}}
.netlib-lines .widget-html-content {{ /* the last line stays in sight */
  display: flex; flex-direction: column-reverse; align-items: flex-start;
  max-height: 13em; overflow-y: auto;
}}
.netlib-code {{
  font-size: 1.3em; font-weight: 600; letter-spacing: 0.08em; user-select: all; padding: 0 0.2em;
}}
.netlib-busy, .netlib-busy * {{cursor: progress !important}}
.netlib-page {{display: none !important}}
</style>"""
