// The live rows. Read with fetch, so that a token travels in the Authorization header and nowhere
// else; reconnects by itself and says in what state it is.

/** The server speaks at least every 5 s; after three silences it is taken for gone. */
const SILENCE_MS = 15000;
const RETRY_MS = [500, 1000, 2000, 4000];

let token = null;
export const setToken = (value) => {
  token = value || null;
};
export const hasToken = () => token !== null;

const headers = () => (token ? { Authorization: `Bearer ${token}` } : {});

/** An answer of the API, or an error with a sentence in it. */
export async function ask(path, options = {}) {
  const answer = await fetch(path, {
    ...options,
    headers: { ...headers(), ...options.headers },
    cache: "no-store",
    credentials: "omit",
  });
  const body = await answer.json().catch(() => null);
  if (!answer.ok) {
    const error = new Error(body?.detail ?? `${answer.status} ${answer.statusText}`);
    error.status = answer.status;
    throw error;
  }
  return body;
}

/** Follows the rows for ever; `rows` gets each event, `state` each change of the connection. */
export async function follow(rows, state) {
  let tries = 0;
  for (;;) {
    try {
      await readOnce((event) => {
        tries = 0;
        state("live");
        rows(event);
      });
      state("lost");
    } catch (error) {
      state(error.status === 401 ? "denied" : "lost");
    }
    const wait = RETRY_MS[Math.min(tries, RETRY_MS.length - 1)];
    tries += 1;
    await new Promise((done) => setTimeout(done, wait));
  }
}

async function readOnce(take) {
  const stop = new AbortController();
  let watchdog = setTimeout(() => stop.abort(), SILENCE_MS);
  const answer = await fetch("/api/v1/stream", {
    headers: headers(),
    signal: stop.signal,
    cache: "no-store",
    credentials: "omit",
  });
  try {
    if (!answer.ok) {
      const error = new Error(`${answer.status}`);
      error.status = answer.status;
      throw error;
    }
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      clearTimeout(watchdog);
      watchdog = setTimeout(() => stop.abort(), SILENCE_MS);
      const parts = (rest + value).split("\n\n");
      rest = parts.pop();
      for (const part of parts) {
        if (part.startsWith("data: ")) take(JSON.parse(part.slice(6)));
      }
    }
  } finally {
    clearTimeout(watchdog);
  }
}
