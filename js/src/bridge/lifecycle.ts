import { type Bridge, signal } from "./bridge.js";

/**
 * Tells the program what happens to the page: background tabs are throttled,
 * frozen and put aside, and networks change. Returns the function that ends it.
 */
export function followPage(bridge: Bridge): () => void {
  if (typeof addEventListener !== "function") return () => {};
  const ends: (() => void)[] = [];
  const follow = (target: EventTarget, type: string, listener: (event: Event) => void): void => {
    target.addEventListener(type, listener);
    ends.push(() => target.removeEventListener(type, listener));
  };
  follow(globalThis as unknown as EventTarget, "online", () => bridge.signal(signal.networkUp));
  if (typeof document === "undefined") return () => ends.forEach((end) => end());
  follow(document, "visibilitychange", () => {
    if (document.visibilityState === "visible") bridge.signal(signal.visible);
  });
  follow(document, "resume", () => bridge.signal(signal.visible));
  follow(window, "pageshow", (event) => {
    if ((event as PageTransitionEvent).persisted) bridge.signal(signal.networkUp);
  });
  follow(window, "pagehide", (event) => {
    // A page that may come back keeps its rooms; an open socket would keep it
    // out of the back-forward cache.
    if ((event as PageTransitionEvent).persisted) bridge.suspend();
    else bridge.signal(signal.leaving);
  });
  return () => ends.forEach((end) => end());
}
