// The conversation and the replies to it, as text.

const SPEAKERS = { user: "Learner", assistant: "Tutor" };
const SIDES = ["left", "right"];
const NAMES = { left: "A", right: "B", same: "the same" };

function drawConversation(messages) {
  const told = messages.filter((message) => message.role === "system");
  const spoken = messages.filter((message) => message.role !== "system");
  return element(
    "section",
    { class: "conversation", "aria-label": "The conversation so far" },
    told.length > 0 &&
      element(
        "details",
        {},
        element("summary", {}, "What the tutor was told"),
        told.map((message) => element("p", { class: "said", dir: "auto" }, message.content)),
      ),
    spoken.map((message) =>
      element(
        "div",
        { class: `turn ${message.role === "user" ? "learner" : "tutor"}` },
        element("h3", {}, SPEAKERS[message.role] ?? message.role),
        element("p", { class: "said", dir: "auto" }, message.content),
      ),
    ),
  );
}

// A reply, with the letter that it is called by where there are two. The whole of it can be clicked.
function drawReply(text, side, choose) {
  return element(
    "article",
    { class: "reply", "data-side": side, onclick: choose, "aria-label": side ? `Reply ${NAMES[side]}` : "The reply" },
    element("h3", {}, side ? element("span", { class: "letter" }, NAMES[side]) : null, side ? "Reply" : "The tutor's reply"),
    text.trim()
      ? element("p", { class: "said", dir: "auto" }, text)
      : element("p", { class: "none" }, "It says nothing."),
  );
}
