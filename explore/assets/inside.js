// Looking inside: what each layer would say next, what each head looks at, and what was measured over the training.

function makeInside() {
  const text = element("input", { type: "text", maxlength: 2000, placeholder: "A sentence to look into", "aria-label": "A sentence to look into" });
  const select = modelSelect("Model", state.name);
  const look = element("button", { type: "submit", class: "main" }, "Look");
  const found = element("div", { class: "found" });
  const measured = element("div", { class: "measured" });
  const panel = element(
    "div",
    { class: "inside" },
    element("form", { class: "composer", onsubmit: (event) => {
      event.preventDefault();
      void lookInside();
    } }, text, select.node, look),
    found,
    element("h2", {}, "Over the training"),
    measured,
  );
  found.append(element("p", { class: "empty" }, "Type a sentence: you will see, layer by layer, what the model would say next at each of its tokens, and what each head looks at."));
  let what = null;

  async function lookInside() {
    const told = { text: text.value, model: select.value };
    if (!told.text.trim() || !told.model) return;
    look.disabled = true;
    found.replaceChildren(element("p", { class: "empty" }, "Looking…"));
    const parts = await Promise.all(["lens", "attention"].map((each) => ask("/inside", { ...told, what: each }).then((value) => [each, value], (error) => [each, error])));
    found.replaceChildren(
      ...parts.map(([each, value]) =>
        value instanceof Error ? element("p", { class: "caution" }, value.message) : each === "lens" ? drawLens(value) : drawAttention(value),
      ),
    );
    look.disabled = false;
  }

  const token = (words) => (words === "" ? "␀" : words.replaceAll("\n", "⏎").replace(/^ | $/g, "·"));

  function drawLens({ tokens, layers }) {
    const rows = layers.map((layer, number) => [number, layer]).reverse();
    return element(
      "section",
      {},
      element("h2", {}, "What each layer would say next"),
      element("div", { class: "scroll" }, element(
        "table",
        { class: "lens" },
        element("thead", {}, element("tr", {}, element("th", { scope: "col" }, "layer"), tokens.map((each) => element("th", { scope: "col" }, token(each))))),
        element("tbody", {}, rows.map(([number, layer]) =>
          element("tr", {}, element("th", { scope: "row" }, number === 0 ? "embedding" : String(number)), layer.map((best) => {
            const [words, share] = best[0];
            const cell = element("td", { title: best.map(([each, part]) => `${token(each)} ${(100 * part).toFixed(1)} %`).join("\n") }, token(words), element("small", {}, `${Math.round(100 * share)} %`));
            cell.style.setProperty("--share", share);
            return cell;
          })),
        )),
      )),
    );
  }

  function drawAttention({ tokens, weights }) {
    const place = { layer: weights.length - 1, head: 0 };
    const matrix = element("div", { class: "scroll" });
    const choices = element("div", { class: "tools" });
    function draw() {
      const head = weights[place.layer][place.head];
      choices.replaceChildren(
        choice("Layer", weights.map((_, number) => [String(number), String(number + 1)]), String(place.layer), (value) => {
          place.layer = Number(value);
          place.head = Math.min(place.head, weights[place.layer].length - 1);
          draw();
        }),
        choice("Head", weights[place.layer].map((_, number) => [String(number), String(number + 1)]), String(place.head), (value) => {
          place.head = Number(value);
          draw();
        }),
      );
      matrix.replaceChildren(element(
        "table",
        { class: "attention" },
        element("thead", {}, element("tr", {}, element("th"), tokens.map((each) => element("th", { scope: "col" }, element("span", {}, token(each)))))),
        element("tbody", {}, head.map((row, q) => element("tr", {}, element("th", { scope: "row" }, token(tokens[q])), tokens.map((_, k) => {
          const share = k <= q ? (row[k] ?? 0) : 0;
          const cell = element("td", { title: k <= q ? `${token(tokens[q])} looks at ${token(tokens[k])}: ${(100 * share).toFixed(1)} %` : null });
          cell.style.setProperty("--share", share);
          return cell;
        })))),
      ));
    }
    draw();
    return element("section", {}, element("h2", {}, "What each head looks at"), choices, matrix);
  }

  function drawPictures() {
    const kinds = Object.keys(state.pictures);
    if (!kinds.length) {
      measured.replaceChildren(element("p", { class: "empty" }, `Nothing was measured over the training. A run that is trained with --monitors.on [all,inside] measures what each layer knows as it goes; espalier inside ${state.name} does so at each checkpoint that is kept.`));
      return;
    }
    if (!kinds.includes(what)) [what] = kinds;
    const steps = [...new Set(state.pictures[what])];
    const where = element("output", { class: "step" });
    const picture = element("div", { class: "scroll" });
    const slider = element("input", { type: "range", min: 0, max: steps.length - 1, value: steps.length - 1, "aria-label": "Step", oninput: () => void showPicture() });
    const showPicture = oneAtATime(async () => {
      const step = steps[Number(slider.value)];
      where.textContent = `step ${step.toLocaleString("en")}`;
      picture.replaceChildren(drawPicture((await ask("/picture", { what, step })).value));
    });
    measured.replaceChildren(
      element("div", { class: "tools" }, choice("What", kinds.map((each) => [each, each]), what, (each) => {
        what = each;
        drawPictures();
      }), slider, where),
      picture,
    );
    void showPicture();
  }

  // By layer and task {accuracy, control, selectivity} as a table; anything else as it is.
  function drawPicture(value) {
    const layers = value && typeof value === "object" ? Object.entries(value) : [];
    const tasks = [...new Set(layers.flatMap(([, found]) => (found && typeof found === "object" ? Object.keys(found) : [])))];
    const isTable = layers.length && layers.every(([, found]) => Object.values(found ?? {}).every((each) => typeof each?.accuracy === "number"));
    if (!isTable) return element("pre", {}, JSON.stringify(value, null, 1));
    return element(
      "table",
      { class: "lens probes" },
      element("thead", {}, element("tr", {}, element("th", { scope: "col" }, "layer"), tasks.map((task) => element("th", { scope: "col" }, task.replaceAll("_", " "))))),
      element("tbody", {}, layers.map(([layer, found]) => element("tr", {}, element("th", { scope: "row" }, layer), tasks.map((task) => {
        const each = found[task];
        if (!each) return element("td", {}, "–");
        const cell = element("td", { title: `accuracy ${short(each.accuracy)}, on a control task ${short(each.control)}` }, each.accuracy.toFixed(2), element("small", {}, each.tells === false ? "tells nothing" : `selective ${short(each.selectivity)}`));
        cell.style.setProperty("--share", Math.max(0, each.selectivity ?? 0));
        return cell;
      })))),
    );
  }

  return {
    panel,
    show() {
      select.arrange();
      drawPictures();
      text.focus({ preventScroll: true });
    },
    arrange() {
      select.arrange();
      look.disabled = !state.models.length;
    },
    hear(marks, changed) {
      if (changed("pictures")) drawPictures();
    },
    focus: () => text.focus(),
    press: () => false,
  };
}
