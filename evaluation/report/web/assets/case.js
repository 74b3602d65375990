// A case from top to bottom. What is unfolded stays so from case to case.

let marking = true;
const unfolded = { figures: isWide, judges: false, criteria: false, thoughts: false };

function folded(title, key, ...children) {
  const made = element("details", { open: unfolded[key] }, element("summary", {}, title), children);
  made.firstElementChild.addEventListener("click", () => (unfolded[key] = !made.open));
  return made;
}

function drawCase(each) {
  const samples = new Set(each.rounds.map((round) => round.sample)).size > 1;
  const turns = each.rounds.some((round) => round.turn > 0);
  const title = ({ sample, turn }) =>
    [samples && `Sample ${sample + 1}`, turns && `Turn ${turn + 1}`].filter(Boolean).join(", ");
  return element(
    "article",
    { class: "case" },
    element(
      "h3",
      {},
      element("bdi", {}, each.name),
      element(
        "a",
        { href: addressOf({ ...defaults, case: each.name }), "aria-label": "Link to this case", class: "anchor" },
        "#",
      ),
    ),
    element(
      "p",
      { class: "tags" },
      Object.entries(each.groups).map(([kind, found]) => found.map((group) => tag(kind, group))),
    ),
    criteria(each),
    each.rounds.map((round) => drawRound(round, title(round))),
  );
}

function tag(kind, group) {
  const words = kind === "tag" ? group : `${kinds[kind]}: ${group.replaceAll("_", " ")}`;
  return element(
    "button",
    { type: "button", class: "tag", title: "Show only these", onclick: () => setView({ [kind]: group }) },
    element("bdi", {}, words),
  );
}

function criteria(each) {
  const known = [
    ["A good reply", each.criteria],
    ["The answer", each.answer],
    ["Put right", each.rounds[0].corrected],
    ...each.rounds
      .filter((round) => round.sample === 0)
      .map((round) => [
        round.turn ? `A good reply at turn ${round.turn + 1}, for example` : "For example",
        round.reference,
      ]),
  ].filter(([, text]) => text);
  if (!known.length) return null;
  return folded(
    "What a good reply does",
    "criteria",
    element(
      "dl",
      {},
      known.map(([name, text]) => [element("dt", {}, name), element("dd", { class: "said", dir: "auto" }, text)]),
    ),
  );
}
