import { log } from "./log.js";

const warned = new Set<string>();

/** What a method of audio and video answers that exists so that pages which have it in their code run. */
export function refusal(name: string): string {
  return `Parley is messaging only: ${name} has no audio or video behind it.`;
}

/** Says it on the console, once for each method. */
export function warn(name: string): void {
  if (warned.has(name)) return;
  warned.add(name);
  log.warn(refusal(name));
}

/** Gives a prototype methods that all do the same. */
export function define(prototype: object, names: readonly string[], answer: (name: string) => unknown): void {
  for (const name of names) {
    const value = (): unknown => answer(name);
    Object.defineProperty(value, "name", { value: name });
    Object.defineProperty(prototype, name, { value, writable: true, configurable: true });
  }
}
