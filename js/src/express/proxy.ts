/**
 * setLocalProxyConfig's accesshubProxy, "host[:port][/path]" without a scheme:
 * a way to point an unchanged page at a server of one's own (express.md §1.3).
 */
class LocalProxy {
  url: string | undefined;

  set(config: unknown, enable: unknown): void {
    this.url = undefined;
    if (enable !== true || typeof config !== "object" || config === null) return;
    const host = (config as Record<string, unknown>)["accesshubProxy"];
    if (typeof host !== "string" || host === "") return;
    const secure = typeof location === "undefined" || location.protocol === "https:";
    this.url = `${secure ? "wss" : "ws"}://${host}`;
  }
}

export const localProxy = new LocalProxy();
