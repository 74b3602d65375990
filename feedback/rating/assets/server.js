// What is asked of the server. A vote is on the server's disk before it is forgotten here, whatever happens in between.

const PENDING = "espalier.vote.";
const NEVER_KEPT = [400, 409, 413, 422]; // however often it is sent; with others it waits for its own ratings and rater
const keyOf = (vote) => `${PENDING}${vote.ratings}.${vote.nonce}`;

// Sends a vote until it is kept or refused; `waiting` is told of each time that nobody answered. Its word, `nonce`, is
// how the server knows a vote that it has kept already.
async function deliver(vote, waiting) {
  localStorage.setItem(keyOf(vote), JSON.stringify(vote));
  for (let attempt = 0; ; attempt += 1) {
    try {
      const found = await ask("/vote", vote);
      localStorage.removeItem(keyOf(vote));
      return found;
    } catch (error) {
      if (NEVER_KEPT.includes(error.status)) localStorage.removeItem(keyOf(vote));
      if (error.status && error.status < 500) throw error;
      waiting(error);
      await new Promise((done) => setTimeout(done, Math.min(4000, 250 * 2 ** attempt)));
    }
  }
}

// Votes of this rater's, on these ratings, that an earlier page could not deliver.
function undelivered(ratings, rater) {
  return Object.keys(localStorage)
    .filter((key) => key.startsWith(`${PENDING}${ratings}.`))
    .map((key) => JSON.parse(localStorage.getItem(key)))
    .filter((vote) => vote.rater === rater);
}

function newNonce() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
