// A drawing pad of SIDE × SIDE pixels for mouse, pen, finger and keyboard.
// The model holds `pixels` (SIDE · SIDE bytes, 255 is ink) and `words`, the sentences in the reader's language.

const SIDE = 28;
const SCALE = 10;
const STEPS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

/** The values between the pixels of a line that runs from one place to another, both included. */
function* places([x0, y0], [x1, y1]) {
  const count = Math.max(1, Math.ceil(4 * Math.hypot(x1 - x0, y1 - y0)));
  for (let i = 0; i <= count; i++) yield [x0 + ((x1 - x0) * i) / count, y0 + ((y1 - y0) * i) / count];
}

/** Ink, or paper, in a disc with a soft edge; x and y count pixels, 0.5 is the middle of the first. */
function stamp(ink, x, y, radius, paper) {
  for (let row = Math.max(0, Math.floor(y - radius - 1)); row < Math.min(SIDE, y + radius + 1); row++)
    for (let column = Math.max(0, Math.floor(x - radius - 1)); column < Math.min(SIDE, x + radius + 1); column++) {
      const cover = Math.min(1, Math.max(0, radius + 0.5 - Math.hypot(column + 0.5 - x, row + 0.5 - y)));
      const i = row * SIDE + column;
      ink[i] = paper ? Math.min(ink[i], 1 - cover) : Math.max(ink[i], cover);
    }
}

/** Ink wherever the edge of the pad cannot be reached over paper. */
function fillInside(ink) {
  const outside = new Uint8Array(SIDE * SIDE), waiting = [];
  const visit = (row, column) => {
    const i = row * SIDE + column;
    if (row < 0 || column < 0 || row >= SIDE || column >= SIDE || outside[i] || ink[i] >= 0.5) return;
    outside[i] = 1;
    waiting.push([row, column]);
  };
  for (let k = 0; k < SIDE; k++) [[0, k], [SIDE - 1, k], [k, 0], [k, SIDE - 1]].forEach((place) => visit(...place));
  while (waiting.length) {
    const [row, column] = waiting.pop();
    visit(row - 1, column), visit(row + 1, column), visit(row, column - 1), visit(row, column + 1);
  }
  for (let i = 0; i < ink.length; i++) if (!outside[i]) ink[i] = 1;
}

function element(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

function render({ model, el }) {
  const words = model.get("words");
  const ink = new Float32Array(SIDE * SIDE);
  const pen = { x: 14.5, y: 14.5, down: false, eraser: false, last: null };

  const canvas = element("canvas", { width: SIDE * SCALE, height: SIDE * SCALE, tabIndex: 0 });
  canvas.setAttribute("role", "application");
  canvas.setAttribute("aria-label", `${words.label} ${words.keys}`);
  canvas.style.cssText = "touch-action:none;cursor:crosshair;border:1px solid #666;max-width:100%;background:white";
  const status = element("div", { className: "dlbook-pad-status" });
  status.setAttribute("role", "status");
  const eraser = element("button", { type: "button", textContent: words.eraser });
  const fill = element("button", { type: "button", textContent: words.fill });
  const clear = element("button", { type: "button", textContent: words.clear });
  const width = element("input", { type: "range", min: "0.5", max: "4", step: "0.5", value: "1.5" });
  const buttons = element("div", {}, element("label", {}, `${words.width} `, width), eraser, fill, clear);
  buttons.style.cssText = "display:flex;flex-wrap:wrap;gap:6px;align-items:center;margin:4px 0";
  const help = element("div", { textContent: words.keys });
  help.style.cssText = status.style.cssText = `max-width:${SIDE * SCALE + 40}px;font-size:12px;line-height:1.4;color:#333`;
  const root = element("div", { className: "dlbook-pad" }, canvas, buttons, status, help);
  root.style.maxWidth = `${SIDE * SCALE + 60}px`;
  root.dataset.lmSuppressShortcuts = "true"; // JupyterLab leaves the keys to the pad
  el.append(root);

  function paint() {
    const c = canvas.getContext("2d");
    for (let i = 0; i < ink.length; i++) {
      const shade = Math.round(255 * (1 - ink[i]));
      c.fillStyle = `rgb(${shade},${shade},${shade})`;
      c.fillRect((i % SIDE) * SCALE, Math.floor(i / SIDE) * SCALE, SCALE, SCALE);
    }
    if (document.activeElement !== canvas) return;
    c.strokeStyle = pen.eraser ? "#0072B2" : "#D55E00";
    c.lineWidth = pen.down ? 4 : 2;
    c.beginPath();
    c.arc(pen.x * SCALE, pen.y * SCALE, 1 + SCALE * Math.max(0.6, Number(width.value)), 0, 2 * Math.PI);
    c.stroke();
  }

  function read() {
    const bytes = model.get("pixels");
    for (let i = 0; i < ink.length; i++) ink[i] = bytes.getUint8(i) / 255;
    paint();
  }

  function send() {
    const bytes = new Uint8Array(ink.length);
    ink.forEach((value, i) => (bytes[i] = Math.round(255 * value)));
    model.set("pixels", new DataView(bytes.buffer));
    model.save_changes();
  }

  function move(to) {
    const from = [pen.x, pen.y];
    [pen.x, pen.y] = to.map((v) => Math.min(SIDE - 0.5, Math.max(0.5, v)));
    if (pen.down) for (const [x, y] of places(from, [pen.x, pen.y])) stamp(ink, x, y, Number(width.value), pen.eraser);
    paint();
  }

  function tell() {
    status.textContent = (pen.down ? words.down : words.up)
      .replace("ROW", Math.ceil(pen.y))
      .replace("COLUMN", Math.ceil(pen.x));
  }

  function spot(event) {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * SIDE, ((event.clientY - box.top) / box.height) * SIDE];
  }

  function lift() {
    if (!pen.pointer) return;
    pen.down = pen.pointer = false;
    paint();
    send();
  }

  canvas.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    canvas.focus({ preventScroll: true });
    canvas.setPointerCapture(event.pointerId);
    pen.down = false;
    move(spot(event));
    pen.down = pen.pointer = true;
    move(spot(event));
  });
  canvas.addEventListener("pointermove", (event) => {
    if (pen.pointer) for (const e of event.getCoalescedEvents?.().concat(event) ?? [event]) move(spot(e));
  });
  canvas.addEventListener("pointerup", lift);
  canvas.addEventListener("pointercancel", lift);

  let moved = false;
  canvas.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    if ((!step && event.key !== " ") || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    if (step) {
      const length = event.shiftKey ? 4 : 1;
      move([pen.x + length * step[0], pen.y + length * step[1]]);
      moved = pen.down;
    } else if (!event.repeat) {
      pen.down = !pen.down;
      moved = pen.down;
      move([pen.x, pen.y]);
    }
    tell();
  });
  canvas.addEventListener("keyup", () => {
    if (moved) send();
    moved = false;
  });
  canvas.addEventListener("focus", () => (paint(), tell()));
  canvas.addEventListener("blur", () => {
    pen.down = false;
    paint();
  });

  eraser.setAttribute("aria-pressed", "false");
  eraser.addEventListener("click", () => {
    pen.eraser = !pen.eraser;
    eraser.setAttribute("aria-pressed", String(pen.eraser));
    eraser.style.outline = pen.eraser ? "3px solid #0072B2" : "";
  });
  fill.addEventListener("click", () => (fillInside(ink), paint(), send()));
  clear.addEventListener("click", () => (ink.fill(0), paint(), send()));

  model.on("change:pixels", read);
  read();
  return () => model.off("change:pixels", read);
}

export default { render };
