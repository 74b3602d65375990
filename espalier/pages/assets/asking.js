// What is asked of the server, and how somebody comes in.

async function ask(path, told = {}) {
  const response = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(told),
  });
  const found = await response.json().catch(() => ({}));
  if (!response.ok) {
    throw Object.assign(new Error(found.error ?? "The server could not do that."), { status: response.status });
  }
  return found;
}

// The link that somebody came by carries their token behind the #; it is given in, and taken out of the address.
async function enter() {
  const token = new URLSearchParams(location.hash.slice(1)).get("enter");
  if (token === null) return;
  const trouble = await ask("/enter", { token }).then(() => null, (error) => error);
  if (!trouble || trouble.status) history.replaceState(null, "", "/"); // else nobody answered, and it is given in again
  if (trouble) throw trouble;
}
