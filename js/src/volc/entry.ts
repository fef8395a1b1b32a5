// The module parley-sdk/volc. The object is the index's: all entries of a format
// share one program.
export { VERTC as default } from "parley-sdk";
export * from "./enums.js";
