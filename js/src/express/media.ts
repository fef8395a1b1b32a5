import { define, refusal, warn } from "../media.js";
import { codes, mediaFlags, mediaPromises, mediaVoids } from "./names.js";

/**
 * Gives a class the audio and video methods of the class that it stands in
 * for. They exist, so that a page that has them in its code runs, and refuse:
 * promises reject with 1001005 ("the app needs another build of the SDK"), the
 * others return false or undefined and warn once.
 */
export function addMediaMethods(prototype: object): void {
  define(prototype, mediaPromises, (name) => Promise.reject({ errorCode: codes.notSpecial, extendedData: refusal(name) }));
  define(prototype, mediaFlags, (name) => (warn(name), false));
  define(prototype, mediaVoids, warn);
}
