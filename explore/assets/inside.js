// Looking inside: what each layer would say next, what each head looks at, and what was measured over the training.

function makeInside() {
  const text = element("input", { type: "text", maxlength: 2000, placeholder: "A sentence to look into", "aria-label": "A sentence to look into" });
  const select = modelSelect("Model", state.name);
  const asChat = element("input", { type: "checkbox", checked: Boolean(state.as_chat) || state.kind === "model" });
  const look = element("button", { type: "submit", class: "main" }, "Look");
  const probes = element("button", { type: "button", onclick: () => void measure() }, "Measure what its layers know");
  const found = element("div", { class: "found" });
  const measured = element("div", { class: "measured" });
  const panel = element(
    "div",
    { class: "inside" },
    element("form", { class: "composer", onsubmit: (event) => {
      event.preventDefault();
      void lookInside();
    } }, text, select.node, element("label", { class: "check" }, asChat, "as a learner's turn"), look, probes),
    found,
    element("h2", {}, "Over the training"),
    measured,
  );
  found.append(element("p", { class: "empty" }, "Type a sentence: you will see, layer by layer, what the model would say next at each of its tokens, and what each head looks at."));
  let what = null;

  async function lookInside() {
    const told = { text: text.value, model: select.value, as_chat: asChat.checked };
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

  // Trains probes on the words of a few hundred sentences, which takes a while.
  async function measure() {
    if (!select.value) return;
    probes.disabled = true;
    found.replaceChildren(element("p", { class: "empty" }, "Probes are trained on each layer. That takes from some seconds to a few minutes, and chat waits meanwhile."));
    try {
      const { layers } = await ask("/inside", { model: select.value, what: "probes" });
      found.replaceChildren(element("section", {}, element("h2", {}, `What the layers of ${modelLabel(select.value)} know`), drawPicture(layers)));
    } catch (error) {
      found.replaceChildren(element("p", { class: "caution" }, error.status ? error.message : "Nobody answers."));
    }
    probes.disabled = false;
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
      measured.replaceChildren(element("p", { class: "empty" }, state.kind === "model" ? "This is a model, and no run that was watched." : `Nothing was measured while it trained. --monitors.on [all,inside] has a run probe itself at every tenth look; espalier inside ${state.name} measures all checkpoints that are kept.`));
      return;
    }
    if (!kinds.includes(what)) [what] = kinds;
    const steps = [...new Set(state.pictures[what])];
    const where = element("output", { class: "step" });
    const picture = element("div");
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

  // By layer and task {accuracy, control, selectivity, tells}, as a table; anything else as it is.
  function drawPicture(value) {
    const layers = value && typeof value === "object" ? Object.entries(value) : [];
    const tasks = [...new Set(layers.flatMap(([, each]) => (each && typeof each === "object" ? Object.keys(each) : [])))];
    const isTable = layers.length && layers.every(([, each]) => each && Object.values(each).every((one) => one && typeof one === "object" && "selectivity" in one));
    if (!isTable) return element("pre", {}, JSON.stringify(value, null, 1));
    const cell = (one) => {
      if (!one) return element("td", {}, "–");
      const made = element("td", { title: `accuracy ${short(one.accuracy)}, on random labels ${short(one.control)}` }, short(one.selectivity), element("small", {}, one.tells === false ? "tells nothing" : `${short(one.accuracy)} of new words`));
      made.style.setProperty("--share", one.tells === false ? 0 : Math.max(0, one.selectivity ?? 0));
      return made;
    };
    return element(
      "div",
      {},
      element("div", { class: "scroll" }, element(
        "table",
        { class: "lens probes" },
        element("thead", {}, element("tr", {}, element("th", { scope: "col" }, "layer"), tasks.map((task) => element("th", { scope: "col" }, task.replaceAll("_", " "))))),
        element("tbody", {}, [...layers].reverse().map(([layer, each]) => element("tr", {}, element("th", { scope: "row" }, layer), tasks.map((task) => cell(each[task]))))),
      )),
      element("p", { class: "note" }, "Selectivity: by how much a probe reads new words off a layer better than a control task of random labels (Hewitt and Liang 2019)."),
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
      look.disabled = probes.disabled = !state.models.length;
    },
    hear(marks, changed) {
      if (changed("pictures")) drawPictures();
    },
    focus: () => text.focus(),
    press: () => false,
  };
}
