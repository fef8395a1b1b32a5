import { assetURL } from "virtual:asset";
import { configuration } from "../config.js";
import { ParleyError } from "../error.js";
import { nodeModule } from "./node.js";
import { progress } from "./progress.js";

/** Waits before another attempt when the network, not the server, failed. */
const retries = [500, 1500];

const magic = [0x00, 0x61, 0x73, 0x6d];

/** Fetches and instantiates parley.wasm. Rejects with a ParleyError. */
export async function instantiate(imports: WebAssembly.Imports): Promise<WebAssembly.Instance> {
  if (typeof WebAssembly === "undefined") {
    throw new ParleyError("UNSUPPORTED", "This environment has no WebAssembly.", "Use a current browser, or allow WebAssembly in it.");
  }
  const url = configuration.wasmURL ?? assetURL();
  if (url === undefined) {
    throw new ParleyError("NOT_FOUND", "The place of parley.wasm is unknown.", "Call Parley.configure({ wasmURL }).");
  }
  const href = String(url);
  if (href.startsWith("file:")) return compile(await readFile(href), imports, href);
  const response = await download(href);
  const type = response.headers.get("Content-Type")?.split(";")[0]?.trim().toLowerCase() ?? "";
  if (type === "application/wasm") {
    try {
      return (await WebAssembly.instantiateStreaming(followed(response), imports)).instance;
    } catch (error) {
      throw await explain(error, href);
    }
  }
  if (type === "text/html") throw html(href);
  return compile(await (followed(response)).arrayBuffer(), imports, href);
}

async function download(href: string): Promise<Response> {
  for (let attempt = 0; ; attempt++) {
    let blocked: string | undefined;
    const watch = (event: SecurityPolicyViolationEvent): void => {
      if (event.effectiveDirective === "connect-src") blocked = event.blockedURI;
    };
    if (typeof document !== "undefined") document.addEventListener("securitypolicyviolation", watch);
    let response: Response;
    try {
      response = await fetch(href, configuration.integrity ? { integrity: configuration.integrity } : {});
    } catch (error) {
      // The event of a violation comes after the rejection.
      await new Promise((resolve) => setTimeout(resolve, 0));
      if (blocked !== undefined) {
        throw new ParleyError("CSP", `The page's content security policy forbids fetching ${href}.`,
          "Add its origin to connect-src.", error);
      }
      const wait = retries[attempt];
      if (wait !== undefined && !configuration.integrity) {
        await new Promise((resolve) => setTimeout(resolve, wait));
        continue;
      }
      throw await unreachable(href, error);
    } finally {
      if (typeof document !== "undefined") document.removeEventListener("securitypolicyviolation", watch);
    }
    if (response.ok) return response;
    await response.body?.cancel();
    if (response.status === 404 || response.status === 410) {
      throw new ParleyError("NOT_FOUND", `${href} does not exist (HTTP ${response.status}).`,
        "Copy parley.wasm there, or say where it is with Parley.configure({ wasmURL }).");
    }
    throw new ParleyError("NETWORK", `${href} answered HTTP ${response.status}.`, "Look into that server's log.");
  }
}

/** fetch says nothing about why it failed: a mismatch of integrity and no network look alike. */
async function unreachable(href: string, error: unknown): Promise<ParleyError> {
  if (configuration.integrity) {
    const there = await fetch(href).then((r) => (void r.body?.cancel(), r.ok), () => false);
    if (there) {
      return new ParleyError("INTEGRITY", `${href} is not the file that the integrity value belongs to.`,
        "Take parley.wasm and the value in integrity.json from the same version.", error);
    }
  }
  return new ParleyError("NETWORK", `${href} could not be fetched.`,
    "Check the network, and that the server allows this origin (CORS).", error);
}

/** Tells progress while the body passes. */
function followed(response: Response): Response {
  if (response.body === null || !progress.watched) return response;
  const total = response.headers.has("Content-Encoding") ? 0 : Number(response.headers.get("Content-Length") ?? 0);
  let loaded = 0;
  const counter = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      loaded += chunk.length;
      progress.tell({ loaded, total, stage: "download" });
      controller.enqueue(chunk);
    },
  });
  return new Response(response.body.pipeThrough(counter), { headers: response.headers });
}

async function compile(bytes: ArrayBuffer | Uint8Array<ArrayBuffer>, imports: WebAssembly.Imports, href: string): Promise<WebAssembly.Instance> {
  const view = bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes);
  if (!magic.every((byte, i) => view[i] === byte)) throw html(href);
  try {
    return (await WebAssembly.instantiate(view, imports)).instance;
  } catch (error) {
    throw classify(error, href);
  }
}

async function explain(error: unknown, href: string): Promise<ParleyError> {
  if (error instanceof WebAssembly.CompileError && !/content.security|unsafe-eval|CSP/i.test(error.message)) {
    // Out of the cache, most of the time: what was compiled is gone.
    const start = new Uint8Array(await fetch(href).then((r) => r.arrayBuffer(), () => new ArrayBuffer(0)));
    if (!magic.every((byte, i) => start[i] === byte)) return html(href);
  }
  return classify(error, href);
}

function classify(error: unknown, href: string): ParleyError {
  const text = error instanceof Error ? error.message : String(error);
  if (/content.security|unsafe-eval|\bCSP\b|blocked by/i.test(text)) {
    return new ParleyError("CSP", "The page's content security policy forbids WebAssembly.",
      "Add 'wasm-unsafe-eval' to script-src.", error);
  }
  // A module that imports from what this loader does not have is a TypeError.
  if (error instanceof WebAssembly.LinkError || error instanceof TypeError && /\bimport\b/i.test(text)) {
    return new ParleyError("VERSION", `${href} belongs to another version of parley-sdk.`,
      `Take the parley.wasm of version ${__VERSION__}; if it is, empty the cache.`, error);
  }
  if (error instanceof WebAssembly.CompileError) {
    return new ParleyError("UNSUPPORTED", `${href} could not be compiled: ${text}.`,
      "Fetch the file again; if it stays, this browser is too old.", error);
  }
  return new ParleyError("NETWORK", `${href} broke off while it was loaded: ${text}.`, "Try again.", error);
}

function html(href: string): ParleyError {
  return new ParleyError("MIME", `${href} is not WebAssembly; servers answer so (a page instead of an error) for files that they don't have.`,
    "Serve parley.wasm there as application/wasm, or say where it is with Parley.configure({ wasmURL }).");
}

async function readFile(href: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const fs = await nodeModule<{ readFile(path: URL): Promise<Uint8Array<ArrayBuffer>> }>("node:fs/promises");
    return await fs.readFile(new URL(href));
  } catch (error) {
    throw new ParleyError("NOT_FOUND", `${href} could not be read.`,
      "Serve the page by HTTP, or say where parley.wasm is with Parley.configure({ wasmURL }).", error);
  }
}
