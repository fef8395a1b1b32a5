import { ZegoExpressEngine } from "./express/engine.js";
import { Parley } from "./parley.js";
import { rememberTag } from "./server.js";

rememberTag();
Object.assign(globalThis, { Parley, ZegoExpressEngine });
