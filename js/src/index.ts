export { Parley } from "./parley.js";
export { ParleyError } from "./error.js";
export { WebRTCUtil, ZegoExpressEngine } from "./express/engine.js";
export { VERTC } from "./volc/vertc.js";
