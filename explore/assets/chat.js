// Talking to a checkpoint, or to two beside each other; replies come word by word.

// Streams a reply: `hear` is called with what is new of it. Ends when it is whole; raises what went wrong.
async function stream(told, hear, signal) {
  const response = await fetch("/v1/chat/completions", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ ...told, stream: true }),
    signal,
  });
  if (!response.ok) {
    const found = await response.json().catch(() => ({}));
    throw new Error(found.error?.message ?? found.error ?? "The server could not do that.");
  }
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  let finish = null;
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return finish;
    const events = (rest + value).split("\n\n");
    rest = events.pop();
    for (const event of events) {
      const data = event.replace(/^data: /, "");
      if (data === "[DONE]") return finish;
      const piece = JSON.parse(data);
      if (piece.error) throw new Error(piece.error.message);
      const choice = piece.choices[0];
      if (choice?.delta.content) hear(choice.delta.content);
      finish = choice?.finish_reason ?? finish;
    }
  }
}

// What a model is called in a list: the newest of a run by what it is.
function modelLabel(name) {
  const [run, step] = name.split("@step-");
  if (step) return `step ${Number(step).toLocaleString("en")}${run === state.name ? "" : ` of ${run}`}`;
  return run === state.name && state.kind === "run" ? (state.state === "complete" ? `${run} (final)` : `${run} (newest)`) : run;
}

function modelSelect(label, value, choose) {
  const node = element("span", { class: "model" });
  const chosen = { node, value };
  chosen.arrange = () => {
    if (!state.models.includes(chosen.value)) chosen.value = state.models.includes(value) ? value : (state.models[0] ?? "");
    node.replaceChildren(choice(label, state.models.map((name) => [name, modelLabel(name)]), chosen.value, (name) => {
      chosen.value = name;
      choose?.(name);
    }));
  };
  return chosen;
}

function makeChat() {
  const panes = element("div", { class: "panes" });
  const system = element("textarea", { rows: 2, placeholder: "Said to the model before the conversation; empty for nothing." });
  const temperature = element("input", { type: "number", min: 0, max: 5, step: 0.1, value: 0.7 });
  const longest = element("input", { type: "number", min: 1, max: 4096, step: 1, value: 64 });
  const settings = element(
    "details",
    { class: "settings" },
    element("summary", {}, "How it answers"),
    element(
      "div",
      { class: "fields" },
      element("label", { class: "wide" }, element("span", {}, "System prompt"), system),
      element("label", {}, element("span", {}, "Temperature (0 takes the likeliest)"), temperature),
      element("label", {}, element("span", {}, "Longest reply, in tokens"), longest),
    ),
  );
  const text = element("textarea", { rows: 2, placeholder: "Say something. Enter sends, Shift+Enter begins a line.", "aria-label": "What you say" });
  const send = element("button", { type: "submit", class: "main" }, "Send");
  const composer = element("form", { class: "composer", onsubmit: (event) => {
    event.preventDefault();
    void say();
  } }, text, send);
  const second = element("button", { type: "button", class: "quiet", onclick: () => two(all.length === 1) }, "Compare with a second");
  const anew = element("button", { type: "button", class: "quiet", onclick: () => begin() }, "Begin anew", element("kbd", {}, "n"));
  const none = element("p", { class: "empty" });
  const panel = element("div", { class: "chat" }, none, element("div", { class: "tools" }, second, anew), panes, settings, composer);
  let all = [];
  let busy = null; // what stops the replies that are being written

  function makePane(label) {
    const said = element("div", { class: "said-so-far", role: "log", "aria-live": "polite", "aria-label": `Conversation ${label}` });
    const pane = { said, messages: [], select: modelSelect(label ? `Model ${label}` : "Model", state.name) };
    pane.node = element("section", { class: "pane" }, pane.select.node, said);
    pane.select.arrange();
    return pane;
  }

  const bubble = (role, content, model) =>
    element("div", { class: `turn ${role}` }, element("h3", {}, role === "user" ? "You" : modelLabel(model)), element("p", { class: "words" }, content));

  function two(wanted) {
    if (busy) return;
    if (wanted) {
      const other = makePane("B");
      // The earliest checkpoint that is kept, which differs most; else whatever there is besides.
      const earliest = state.models.filter((name) => name.startsWith(`${state.name}@`)).at(-1);
      other.select.value = [earliest, ...state.models].find((name) => name && name !== all[0].select.value) ?? all[0].select.value;
      other.select.arrange();
      all = [all[0], other];
    } else all = all.slice(0, 1);
    second.firstChild.textContent = wanted ? "Only one" : "Compare with a second";
    panes.replaceChildren(...all.map((pane) => pane.node));
    panes.classList.toggle("two", wanted);
    begin();
  }

  function begin() {
    busy?.abort();
    for (const pane of all) {
      pane.messages = [];
      pane.said.replaceChildren(element("p", { class: "empty" }, "Nothing is said yet. Greet it, or ask what it was taught."));
    }
    text.focus({ preventScroll: true });
  }

  async function say() {
    if (busy) return busy.abort();
    const content = text.value.trim();
    if (!content || !state.models.length) return;
    text.value = "";
    busy = new AbortController();
    send.textContent = "Stop";
    await Promise.all(all.map((pane) => answerIn(pane, content, busy.signal)));
    busy = null;
    send.textContent = "Send";
  }

  async function answerIn(pane, content, signal) {
    const model = pane.select.value;
    if (!pane.messages.length) pane.said.replaceChildren();
    pane.messages.push({ role: "user", content });
    const reply = bubble("assistant", "", model);
    const words = reply.querySelector(".words");
    reply.classList.add("waiting");
    pane.said.append(bubble("user", content), reply);
    const bottom = () => pane.said.scrollTo(0, pane.said.scrollHeight);
    bottom();
    const before = system.value.trim() ? [{ role: "system", content: system.value }] : [];
    let whole = "";
    const patience = setTimeout(() => {
      if (!whole) words.textContent = "it is being loaded ";
    }, 1500);
    try {
      const finish = await stream(
        { model, messages: [...before, ...pane.messages], temperature: Number(temperature.value) || 0, max_tokens: Math.max(1, Math.round(Number(longest.value)) || 64) },
        (more) => {
          whole += more;
          words.textContent = whole;
          reply.classList.remove("waiting");
          bottom();
        },
        signal,
      );
      if (!whole) words.replaceWith(element("p", { class: "empty" }, "It says nothing."));
      if (finish === "length") reply.append(element("small", {}, "cut off at the longest reply"));
      pane.messages.push({ role: "assistant", content: whole });
    } catch (error) {
      pane.messages.pop();
      if (signal.aborted) reply.append(element("small", {}, "stopped; it does not remember this exchange"));
      else reply.append(element("p", { class: "caution" }, error instanceof TypeError ? "Nobody answers." : error.message));
    }
    clearTimeout(patience);
    if (!whole) words.textContent = "";
    reply.classList.remove("waiting");
    bottom();
  }

  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      if (!busy) void say();
    } else if (event.key === "Escape") text.blur();
  });

  return {
    panel,
    show() {
      if (!all.length) {
        all = [makePane("")];
        panes.replaceChildren(all[0].node);
        begin();
      }
      this.arrange();
      void ask("/warm").catch(() => {}); // what models need is imported while the first words are typed
      text.focus({ preventScroll: true });
    },
    arrange() {
      for (const pane of all) pane.select.arrange();
      none.textContent = state.models.length ? "" : "There is no checkpoint yet that one could talk to. The first is written by the training's key checkpoint_every, or now, by Checkpoint above.";
      none.hidden = state.models.length > 0;
      send.disabled = !state.models.length;
      second.hidden = state.models.length < 2 && all.length < 2;
    },
    hear() {},
    focus: () => text.focus(),
    press(key) {
      if (key !== "n") return false;
      begin();
      return true;
    },
  };
}
