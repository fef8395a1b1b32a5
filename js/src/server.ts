import { scriptURL } from "virtual:asset";
import { configuration } from "./config.js";

/** Hosts of the vendors' own clouds: an address there is never meant for us. */
const vendorDomains = ["zego.im", "zegocloud.com", "coolzcloud.com"];

/**
 * Which server an engine talks to: Parley.configure, the script tag's
 * data-server, <meta name="parley-server">, an address given where the dialect
 * takes one, else the origin that this script came from.
 */
export function serverURL(given: unknown): string | undefined {
  const chosen = configuration.server ?? fromTag() ?? fromMeta() ?? fromArgument(given);
  if (chosen !== undefined) return socketURL(chosen);
  const script = scriptURL();
  return script !== undefined && /^https?:/.test(script) ? socketURL(new URL("/ws", script).href) : undefined;
}

/** Where this script's tag says the server is, read while the tag runs. */
let tag: string | undefined;

export function rememberTag(): void {
  if (typeof document === "undefined") return;
  tag = document.currentScript?.dataset["server"] || undefined;
}

function fromTag(): string | undefined {
  return tag;
}

function fromMeta(): string | undefined {
  if (typeof document === "undefined") return undefined;
  return document.querySelector<HTMLMetaElement>('meta[name="parley-server"]')?.content || undefined;
}

function fromArgument(given: unknown): string | undefined {
  for (const candidate of Array.isArray(given) ? given as unknown[] : [given]) {
    if (typeof candidate !== "string" || !/^wss?:\/\//i.test(candidate)) continue;
    try {
      const { hostname } = new URL(candidate);
      if (!vendorDomains.some((domain) => hostname === domain || hostname.endsWith(`.${domain}`))) return candidate;
    } catch {
      // Not an address: the real class takes any text here, too.
    }
  }
  return undefined;
}

/** Makes a ws: or wss: address of what people write; a bare host gets /ws. */
function socketURL(text: string): string {
  const base = typeof location === "undefined" ? undefined : location.href;
  const withScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) || text.startsWith("/") ? text
    : `${base?.startsWith("https:") ? "wss" : "ws"}://${text}`;
  try {
    const url = new URL(withScheme, base);
    if (url.protocol === "http:") url.protocol = "ws:";
    if (url.protocol === "https:") url.protocol = "wss:";
    if (url.pathname === "/") url.pathname = "/ws";
    return url.href;
  } catch {
    return text;
  }
}
