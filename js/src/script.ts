import { ZegoExpressEngine } from "./express/engine.js";
import { Parley } from "./parley.js";
import { rememberTag } from "./server.js";
import * as enums from "./volc/enums.js";
import { VERTC } from "./volc/vertc.js";

rememberTag();
Object.assign(globalThis, { Parley, VERTC: { ...VERTC, ...enums }, ZegoExpressEngine });
