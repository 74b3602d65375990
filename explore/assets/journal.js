// The journal, the newest passage first. It is Markdown, of which headings, quotes and lists are told apart.

function passages(text) {
  const found = [];
  for (const part of text.split(/^(?=## )/m)) if (part.trim()) found.push(part.trim());
  return found;
}

function drawMarkdown(text) {
  const blocks = [];
  let block = null;
  const begin = (kind, made) => {
    if (block?.kind !== kind) {
      block = { kind, node: made() };
      blocks.push(block.node);
    }
    return block.node;
  };
  for (const line of text.split("\n")) {
    const heading = /^(#{1,6}) (.*)/.exec(line);
    const quote = /^> ?(.*)/.exec(line);
    const item = /^[-*] (.*)/.exec(line);
    if (!line.trim()) block = null;
    else if (heading) {
      block = null;
      blocks.push(element(`h${Math.min(heading[1].length + 1, 6)}`, {}, plain(heading[2])));
    } else if (quote) begin("quote", () => element("blockquote", { class: "words" })).append(`${plain(quote[1])}\n`);
    else if (item) begin("list", () => element("ul")).append(element("li", {}, plain(item[1])));
    else if (line.startsWith("|")) begin("table", () => element("pre")).append(`${line}\n`);
    else begin("paragraph", () => element("p")).append(`${plain(line)}\n`);
  }
  return blocks;
}

const plain = (text) => text.replace(/\*\*(.+?)\*\*/g, "$1").replace(/\\([!-/:-@[-`{-~])/g, "$1").replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

function makeJournal() {
  const list = element("div", { class: "passages" });
  const more = element("button", { type: "button", class: "quiet", hidden: true, onclick: () => void older() }, "Older");
  const panel = element("div", { class: "journal" }, list, more);
  let begin = 0;
  let text = "";

  const load = oneAtATime(async () => {
    const found = await ask("/journal");
    const had = text && begin < found.begin;
    if (!had) ({ text, begin } = found);
    else text = (await wholeFrom(begin)) ?? found.text;
    draw();
  });

  async function wholeFrom(first) {
    let found = await ask("/journal");
    let whole = found.text;
    while (found.begin > first) {
      found = await ask("/journal", { before: found.begin });
      whole = found.text + whole;
    }
    begin = found.begin;
    return whole;
  }

  async function older() {
    const found = await ask("/journal", { before: begin });
    begin = found.begin;
    text = found.text + text;
    draw();
  }

  function draw() {
    more.hidden = begin === 0;
    const found = passages(text).reverse();
    list.replaceChildren(
      ...(found.length
        ? found.map((each) => element("article", {}, drawMarkdown(each)))
        : [element("p", { class: "empty" }, "The journal is empty. Check-ins, alarms, what you do here, and what changed between entries are written into it while the run trains.")]),
    );
  }

  return { panel, show: load, arrange() {}, hear: (marks, changed) => changed("journal") && void load(), focus() {}, press: () => false };
}
