import { log } from "../log.js";
import { codes, mediaFlags, mediaPromises, mediaVoids } from "./names.js";

const warned = new Set<string>();

/**
 * Gives a class the audio and video methods of the class that it stands in
 * for. They exist, so that a page that has them in its code runs, and refuse:
 * promises reject with 1001005 ("the app needs another build of the SDK"), the
 * others return false or undefined and warn once.
 */
export function addMediaMethods(prototype: object): void {
  for (const name of mediaPromises) {
    define(prototype, name, () => Promise.reject({ errorCode: codes.notSpecial, extendedData: refusal(name) }));
  }
  for (const name of mediaFlags) define(prototype, name, () => (warn(name), false));
  for (const name of mediaVoids) define(prototype, name, () => warn(name));
}

function refusal(name: string): string {
  return `Parley is messaging only: ${name} has no audio or video behind it.`;
}

function warn(name: string): void {
  if (warned.has(name)) return;
  warned.add(name);
  log.warn(refusal(name));
}

function define(prototype: object, name: string, value: () => unknown): void {
  Object.defineProperty(value, "name", { value: name });
  Object.defineProperty(prototype, name, { value, writable: true, configurable: true });
}
