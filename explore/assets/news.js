// What the server tells by itself, as long as the page is open.

// Calls `hear` with how things stand, at once and whenever that changes; `lost` when nobody answers, `refused` when the
// page is not known any more. The browser asks again by itself.
function follow(hear, lost, refused) {
  const source = new EventSource("/news");
  source.onmessage = (event) => hear(JSON.parse(event.data));
  source.onerror = () => (source.readyState === EventSource.CLOSED ? ask("/state").then(() => follow(hear, lost, refused), (error) => {
    if (error.status === 401) return refused(error);
    lost();
    setTimeout(() => follow(hear, lost, refused), 2000);
  }) : lost());
}

// Runs `act` again and again while it is asked to, one at a time: what came meanwhile is asked once, afterwards.
function oneAtATime(act) {
  let running = false;
  let again = false;
  return async function run() {
    if (running) {
      again = true;
      return;
    }
    running = true;
    try {
      await act();
    } catch (error) {
      if (error.status) tell(error.message, "alarm"); // where nobody answers, the line above says so
    }
    running = false;
    if (again) {
      again = false;
      await run();
    }
  };
}
