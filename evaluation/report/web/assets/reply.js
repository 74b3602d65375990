// One turn of a case: what the models were shown, their replies beside each other, and what was measured and judged.

function drawRound(round, titled) {
  const shown = round.replies.filter(Boolean).map((reply) => reply.shown);
  const same = new Set(shown.map(String)).size === 1;
  const texts = marking ? markedReplies(round.replies) : round.replies.map((reply) => [[reply?.text, false]]);
  return element(
    "section",
    { class: "round" },
    titled ? element("h4", {}, titled) : null,
    same ? conversation(shown[0]) : null,
    element(
      "div",
      { class: "replies" },
      round.replies.map((reply, model) =>
        reply ? card(reply, model, texts[model], same ? [] : reply.shown) : absent(model),
      ),
    ),
    valuesTable(round),
    judges(round),
  );
}

function conversation(places) {
  return element(
    "div",
    { class: "conversation" },
    places.map((place) => {
      const [role, text] = messages[place];
      const said = element("p", { class: "said", dir: "auto" }, text);
      if (role !== "system")
        return element("div", { class: role }, element("span", { class: "role" }, ROLES[role] ?? role), said);
      return element("details", {}, element("summary", {}, "system prompt"), said);
    }),
  );
}

const ROLES = { user: "learner", assistant: "tutor" };

// The baseline's reply is marked against the candidate's, every other one against the baseline's.
function markedReplies(replies) {
  const candidate = replies[models.indexOf(view.candidate)];
  return replies.map((reply, model) => {
    const beside = model === 0 ? candidate : replies[0];
    if (!reply || !beside || reply === beside || reply.error || beside.error) return [[reply?.text, false]];
    return model === 0 ? differences(reply.text, beside.text)[0] : differences(beside.text, reply.text)[1];
  });
}

function card(reply, model, text, shown) {
  const made = element(
    "article",
    { class: "reply", "aria-label": `Reply of ${models[model]}` },
    element("header", {}, named(models[model]), remarks(reply)),
    shown.length ? conversation(shown) : null,
    reply.reasoning ? thoughts(reply.reasoning) : null,
    replyText(reply, text),
    reply.tokens ? element("footer", {}, counted(reply.tokens, "token")) : null,
  );
  made.style.setProperty("--colour", colourOf(models[model]));
  return made;
}

// No learner sees them, so they are folded away; what is measured is the reply below them.
function thoughts(text) {
  return folded("Thoughts, unseen", "thoughts", element("p", { class: "said", dir: "auto" }, text));
}

function replyText(reply, text) {
  if (reply.error) return element("p", { class: "said none" }, `No reply: ${reply.error}`);
  if (reply.likelihoods)
    return element("p", { class: "said" }, `Log-likelihoods, in nats: ${reply.likelihoods.join(", ")}`);
  if (!reply.text.trim()) return element("p", { class: "said none" }, reply.silence ? `It says nothing: ${reply.silence}.` : "It says nothing.");
  return element(
    "p",
    { class: "said", dir: "auto" },
    text.map(([piece, own]) => (own ? element("mark", {}, piece) : piece)),
  );
}

function remarks(reply) {
  const found = [
    reply.error && "error",
    reply.cut && "cut short",
    ...(reply.remarks ?? []),
    reply.seen && `seen in training (${reply.seen})`,
    reply.sound && "wrong, but soundly reasoned",
  ];
  return found.filter(Boolean).map((words) => element("span", { class: "remark" }, words));
}

function absent(model) {
  return element(
    "article",
    { class: "reply" },
    element("header", {}, named(models[model])),
    element("p", { class: "said none" }, "It was not asked this."),
  );
}

function valuesTable(round) {
  const valuesOf = (column) => round.replies.map((reply) => valueOf(reply, column));
  const known = columns.filter((column) => valuesOf(column).some((value) => value !== null));
  if (!known.length) return null;
  known.sort((a, b) => (b.name === view.column) - (a.name === view.column));
  const rows = known.map((column) => {
    const differs = new Set(valuesOf(column)).size > 1;
    const chosen = column.name === view.column ? "chosen" : "";
    return element(
      "tr",
      { class: `${chosen} ${differs ? "differs" : ""}` },
      element("th", { scope: "row", title: column.description }, column.label),
      round.replies.map((reply) => valueCell(reply, column)),
    );
  });
  return folded(
    "Figures of these replies",
    "figures",
    element(
      "div",
      { class: "scroll", tabindex: "0", role: "region", "aria-label": "Figures of these replies" },
      element(
        "table",
        { class: "values" },
        element(
          "thead",
          {},
          element(
            "tr",
            {},
            element("th", { scope: "col" }, "measure"),
            models.map((model) => element("th", { scope: "col", class: "number" }, named(model))),
          ),
        ),
        element("tbody", {}, rows),
      ),
    ),
  );
}

// A value, and what in the reply decided it; what a judge said is longer, and has a place of its own below.
function valueCell(reply, column) {
  const value = valueOf(reply, column);
  const why = column.judged ? "" : whyOf(reply, column);
  return element(
    "td",
    { class: "number" },
    value === null ? "–" : short(value),
    why ? element("small", { class: "why", dir: "auto" }, why) : null,
  );
}

function judges(round) {
  const said = (reply, column) => reply?.notes?.[column.name] || (column.judged && whyOf(reply, column));
  const known = columns.filter((column) => round.replies.some((reply) => said(reply, column)));
  if (!known.length) return null;
  const entries = known.flatMap((column) => [
    element("dt", {}, column.label),
    round.replies.map((reply, model) =>
      said(reply, column) ? element("dd", {}, named(models[model]), " ", verdictText(reply, column)) : null,
    ),
  ]);
  return folded("What the judges said", "judges", element("dl", { class: "notes" }, entries));
}

function verdictText(reply, column) {
  const value = valueOf(reply, column);
  const note = reply.notes?.[column.name] ?? {};
  const votes = Object.entries(note.votes ?? {}).map(
    ([judge, vote]) => `${judge} ${vote === null ? "abstains" : short(vote)}`,
  );
  const parts = [note.abstained || value === null ? "abstained" : short(value), votes.join(", "), whyOf(reply, column)];
  return element("bdi", {}, parts.filter(Boolean).join(" · "));
}
