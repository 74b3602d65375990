// Charts of a figure over steps: a line, around it from the least to the greatest of what lies under a pixel.

const HEIGHT = 132;
const EDGE = { left: 46, right: 8, top: 8, bottom: 20 };

// Four significant digits, as people read them.
function short(value) {
  if (value === null || value === undefined) return "–";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return value.toExponential(2).replace("-", "−").replace("e+", "e");
  return Number(value.toPrecision(4)).toLocaleString("en", { maximumSignificantDigits: 4 }).replace("-", "−");
}

// Round numbers between two, some `count` of them.
function ticks(low, high, count) {
  const raw = (high - low) / count;
  if (!(raw > 0)) return [low];
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((each) => each * power).find((each) => each >= raw);
  const found = [];
  for (let at = Math.ceil(low / step) * step; at <= high + step * 1e-9; at += step) found.push(Number(at.toPrecision(12)));
  return found;
}

// `zoom(first, last)` is asked for by dragging, `zoom(null)` by a double click.
function makeChart(name, label, zoom) {
  const reading = element("output", { class: "reading" });
  const frame = element("div", { class: "plot", tabindex: 0, role: "img", "aria-label": label });
  const node = element("figure", { class: "chart", "data-name": name }, element("figcaption", {}, element("span", { class: "name" }, label), reading), frame);
  let data = null;
  let view = null;
  let place = null; // of the crosshair, among the points
  let dragged = null;
  let cross = null;
  let brush = null;

  function draw(found, shown) {
    data = found;
    view = shown;
    place = place === null ? null : Math.min(place, data.steps.length - 1);
    const width = Math.max(frame.clientWidth, 120);
    const inner = { width: width - EDGE.left - EDGE.right, height: HEIGHT - EDGE.top - EDGE.bottom };
    const lows = data.low ?? data.values;
    const highs = data.high ?? data.values;
    let low = lows.reduce((one, other) => Math.min(one, other), Infinity);
    let high = highs.reduce((one, other) => Math.max(one, other), -Infinity);
    const logarithmic = shown.logarithmic && low > 0;
    if (low === high) [low, high] = logarithmic ? [low / 2, high * 2] : [low - (Math.abs(low) || 1) * 0.1, high + (Math.abs(high) || 1) * 0.1];
    const curve = logarithmic ? Math.log10 : (value) => value;
    const x = (step) => EDGE.left + (inner.width * (step - shown.first)) / Math.max(shown.last - shown.first, 1);
    const y = (value) => EDGE.top + inner.height * (1 - (curve(value) - curve(low)) / (curve(high) - curve(low)));
    const point = (step, value) => `${x(step).toFixed(1)},${y(value).toFixed(1)}`;
    const marks = logarithmic
      ? ticks(Math.log10(low), Math.log10(high), 3).map((power) => 10 ** power)
      : ticks(low, high, 3);
    const svg = drawn(
      "svg",
      { width, height: HEIGHT, viewBox: `0 0 ${width} ${HEIGHT}`, "aria-hidden": "true" },
      marks.map((value) => [
        drawn("line", { class: "grid", x1: EDGE.left, x2: width - EDGE.right, y1: y(value), y2: y(value) }),
        drawn("text", { class: "tick", x: EDGE.left - 6, y: y(value) + 3.5, "text-anchor": "end" }, short(value)),
      ]),
      ticks(shown.first, shown.last, Math.max(2, Math.floor(inner.width / 110))).map((step) =>
        drawn("text", { class: "tick", x: x(step), y: HEIGHT - 5, "text-anchor": x(step) > width - 30 ? "end" : "middle" }, step.toLocaleString("en")),
      ),
      shown.alarms.map((alarm) => drawn("line", { class: `alarm ${alarm.severity}`, x1: x(alarm.step), x2: x(alarm.step), y1: EDGE.top, y2: HEIGHT - EDGE.bottom })),
      data.low && drawn("path", { class: "band", d: `M${[...data.steps.map((step, i) => point(step, data.high[i])), ...data.steps.map((step, i) => point(step, data.low[i])).reverse()].join("L")}Z` }),
      data.steps.length > 1
        ? drawn("path", { class: "line", d: `M${data.steps.map((step, i) => point(step, data.values[i])).join("L")}` })
        : drawn("circle", { class: "dot", cx: x(data.steps[0]), cy: y(data.values[0]), r: 3 }),
    );
    cross = drawn("line", { class: "cross", y1: EDGE.top, y2: HEIGHT - EDGE.bottom });
    brush = drawn("rect", { class: "brush", y: EDGE.top, height: inner.height });
    svg.append(brush, cross);
    frame.replaceChildren(svg);
    chart.x = x;
    chart.stepAt = (pixel) => Math.round(shown.first + ((pixel - EDGE.left) / inner.width) * (shown.last - shown.first));
    read();
  }

  function read() {
    const at = place ?? data.steps.length - 1;
    const step = data.steps[at];
    const between = data.low && place !== null ? ` (${short(data.low[at])} to ${short(data.high[at])})` : "";
    reading.textContent = place === null ? short(data.values[at]) : `${short(data.values[at])}${between} · step ${Math.round(step).toLocaleString("en")}`;
    const here = place === null ? -10 : chart.x(step);
    cross.setAttribute("x1", here);
    cross.setAttribute("x2", here);
  }

  const pixel = (event) => event.clientX - frame.getBoundingClientRect().left;
  function point(event) {
    if (!data) return;
    const wanted = chart.stepAt(pixel(event));
    let [low, high] = [0, data.steps.length - 1];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (data.steps[middle] > wanted) high = middle;
      else low = middle;
    }
    place = wanted - data.steps[low] > data.steps[high] - wanted ? high : low;
    if (dragged !== null) {
      brush.setAttribute("x", Math.min(dragged, pixel(event)));
      brush.setAttribute("width", Math.abs(pixel(event) - dragged));
    }
    read();
  }
  frame.addEventListener("pointermove", point);
  frame.addEventListener("pointerleave", () => {
    place = null;
    if (data) read();
  });
  frame.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "mouse" || event.button !== 0) return; // a finger scrolls
    dragged = pixel(event);
    frame.setPointerCapture(event.pointerId);
  });
  frame.addEventListener("pointerup", (event) => {
    if (dragged === null) return;
    const ends = [chart.stepAt(dragged), chart.stepAt(pixel(event))].sort((one, other) => one - other);
    if (Math.abs(pixel(event) - dragged) > 6) zoom(Math.max(ends[0], view.first), Math.min(ends[1], view.last));
    dragged = null;
    brush?.setAttribute("width", 0);
  });
  frame.addEventListener("dblclick", () => zoom(null));
  frame.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!by || !data) return;
    place = Math.min(Math.max((place ?? data.steps.length - 1) + by * (event.shiftKey ? 10 : 1), 0), data.steps.length - 1);
    read();
    event.preventDefault();
  });
  const chart = { node, draw, name };
  return chart;
}
