import { signal } from "./bridge/bridge.js";
import { ParleyError } from "./error.js";
import { running } from "./loader/load.js";
import { serverURL } from "./server.js";

/** What the dev server answers when it refuses. */
interface Refusal {
  code: string;
  what: string;
  fix: string;
}

/** Parley.dev: the routes of `parley dev` that tests and quickstart pages use. */
export const dev = {
  credentials(options: Readonly<Record<string, string | number | undefined>>): Promise<unknown> {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries({ dialect: "express", ...options })) {
      if (value !== undefined) query.set(name, String(value));
    }
    return ask(`/dev/credentials?${query}`);
  },
  async fault(fault: object): Promise<unknown> {
    const answer = await ask("/dev/faults", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(fault) });
    // A connection that is restored is used now, not when a long wait ends.
    if ("fault" in fault && (fault.fault === "restore" || fault.fault === "clear")) running()?.signal(signal.networkUp);
    return answer;
  },
  faults(): Promise<unknown> {
    return ask("/dev/faults");
  },
};

async function ask(path: string, init: RequestInit = {}): Promise<unknown> {
  const server = serverURL(undefined);
  if (server === undefined) {
    throw new ParleyError("NO_SERVER", "No server is configured.", "Call Parley.configure({ server }) first.");
  }
  const url = new URL(path, server.replace(/^ws/, "http"));
  let response: Response;
  try {
    response = await fetch(url, init);
  } catch (error) {
    throw new ParleyError("NETWORK", `${url.origin} does not answer.`, "Start it with: parley dev.", error);
  }
  const text = await response.text();
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    throw new ParleyError("DEV", `${url.href} answered HTTP ${response.status} without JSON.`, "Use a server started with: parley dev.", error);
  }
  if (!response.ok) {
    const { what, fix } = body as Partial<Refusal>;
    throw new ParleyError("DEV", what === undefined ? `HTTP ${response.status}.` : `${what}.`, fix ?? "Look into the server's log.");
  }
  return body;
}
