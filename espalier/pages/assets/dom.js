// Elements are made here and nowhere else. A text only ever becomes a text node, so that no reply can be markup.

function element(name, attributes = {}, ...children) {
  return furnished(document.createElement(name), attributes, children);
}

function drawn(name, attributes = {}, ...children) {
  return furnished(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
}

function furnished(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false && child !== ""));
  return made;
}

// A choice of one: `options` are [value, words] pairs.
function choice(label, options, value, choose) {
  const select = element(
    "select",
    { onchange: () => choose(select.value) },
    options.map(([option, words]) => element("option", { value: option, selected: option === value }, words)),
  );
  return element("label", {}, element("span", {}, label), select);
}

const isWide = matchMedia("(min-width: 52rem)").matches;

const counted = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
