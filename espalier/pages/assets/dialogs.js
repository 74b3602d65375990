// Dialogs, and what a key means.

function openDialog(title, content) {
  const dialog = element(
    "dialog",
    { "aria-labelledby": "dialog-title", onclose: () => dialog.remove() },
    element("h2", { id: "dialog-title" }, title),
    content,
    element("form", { method: "dialog" }, element("button", { class: "main", autofocus: true }, "Close")),
  );
  document.body.append(dialog);
  dialog.showModal();
}

// What a key means, on whatever keyboard: a Latin letter that it says, else the one that stands there on a Latin one.
function meant(event) {
  if (/^[a-z]$/i.test(event.key)) return event.key.toLowerCase();
  const place = /^(?:Key([A-Z])|Digit([0-9]))$/.exec(event.code);
  if (!place || event.key.length > 1 || (event.shiftKey && place[2])) return event.key;
  return (place[1] ?? place[2]).toLowerCase();
}
