// The names that the declarations have, that the classes have, and that Go lends.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import * as sdk from "../../dist/sdk/index.js";

const read = (path) => readFile(new URL(path, import.meta.url), "utf8");
const list = (text, start) => [...text.slice(text.indexOf(start)).split(";")[0].matchAll(/"(\w+)"/g)].map(([, name]) => name);

test("declared methods are the class's", async () => {
  const text = await read("../../dist/sdk/express.d.ts");
  const body = text.slice(text.indexOf("export class ZegoExpressEngine"), text.indexOf("/** Audio and video methods that answer"));
  const declared = new Set([...body.matchAll(/^ {2}(\w+)[<(]/gm)].map(([, name]) => name));
  declared.delete("constructor");
  for (const type of ["type MediaPromise", "type MediaFlag", "type MediaVoid"]) for (const name of list(text, type)) declared.add(name);
  const has = Object.getOwnPropertyNames(sdk.ZegoExpressEngine.prototype).filter((name) => name !== "constructor");
  assert.deepEqual([...declared].sort(), has.sort());
  const statics = new Set([...body.matchAll(/^ {2}static (?:readonly )?(\w+)/gm)].map(([, name]) => name));
  assert.deepEqual([...statics].sort(), Object.getOwnPropertyNames(sdk.ZegoExpressEngine).filter((name) => !["length", "name", "prototype"].includes(name)).sort());
});

test("declared events are those that on takes", async () => {
  const text = await read("../../dist/sdk/express.d.ts");
  const body = text.slice(text.indexOf("export interface ZegoEvent"), text.indexOf("/** Audio and video events"));
  const events = [...body.matchAll(/^ {2}(\w+): \(/gm)].map(([, name]) => name).concat(list(text, "export type ZegoMediaEvent"));
  const engine = new sdk.ZegoExpressEngine(1, "");
  for (const event of events) assert.equal(engine.on(event, () => {}), true, event);
  const sources = await read("../src/express/names.ts");
  const known = list(sources, "export const roomEvents").concat(list(sources, "export const silentEvents"));
  assert.deepEqual(events.sort(), known.sort());
});

test("declared exports are the package's", async () => {
  const text = await read("types/express.test.ts");
  assert.deepEqual(list(text, "export const declared").sort(), Object.keys(sdk).sort());
});

test("methods that the page calls are those that Go lends", async () => {
  const go = await read("../../wasm/express/engine.go");
  const lent = [...go.slice(go.indexOf("var methods")).split("\n}")[0].matchAll(/"(\w+)"/g)].map(([, name]) => name);
  const sources = (await Promise.all(["core", "engine"].map((name) => read(`../src/express/${name}.ts`)))).join("\n");
  const called = new Set([...sources.matchAll(/\.(?:call|now|end)\("(\w+)"/g)].map(([, name]) => name));
  for (const name of ["listen", "explain", "diagnose", "trace"]) called.add(name); // of every dialect
  assert.deepEqual([...called].sort(), lent.sort());
});

test("the calls that are missing are the same in both languages", async () => {
  const go = await read("../../wasm/express/receive.go");
  const told = [...go.matchAll(/Event: "(\w+)", Call: "(.+)"\}/g)].map(([, name, call]) => [name, call]);
  const page = await read("../src/express/messages.ts");
  const form = page.match(/call: `(.+)` \}/)[1];
  const said = [...page.matchAll(/^ {2}eventOf\("(\w+)", "[^"]+", "([^"]+)"\)/gm)]
    .map(([, name, args]) => [name, form.replace("${name}", name).replace("${args}", args)]);
  assert.equal(told.length, 4);
  assert.deepEqual(said, told);
});

test("so are those of VERTC", async () => {
  const go = await read("../../wasm/volc/receive.go"), page = await read("../src/volc/messages.ts");
  const told = [...go.matchAll(/^\tlistener\("(\w+)"/gm)].map(([, name]) => name);
  assert.equal(told.length, 6);
  assert.deepEqual([...page.matchAll(/^ {2}eventOf\("(\w+)"/gm)].map(([, name]) => name), told);
  const call = go.match(/Call: "(.+)" \+ event \+ "(.+)"\}/);
  assert.equal(page.match(/call: `(.+)` \}/)[1], call[1] + "${name}" + call[2]);
});

test("verdicts are those of the protocol", async () => {
  const proto = await read("../../internal/wire/parley.proto");
  const body = proto.slice(proto.indexOf("enum Verdict")).split("\n}")[0];
  const numbered = [...body.matchAll(/^ {2}(\w+) = (\d+);/gm)].sort((a, b) => a[2] - b[2]).map(([, name]) => name.toLowerCase());
  const source = await read("../src/explain.ts");
  assert.deepEqual(list(source, "const verdicts"), numbered);
  assert.deepEqual(list(await read("../types/index.d.ts"), "export type ParleyVerdict").sort(), [...numbered].sort());
});

test("error codes are those that are declared", async () => {
  const codes = async (path) => [...(await read(path)).split("export type ParleyErrorCode")[1].split("\n\n")[0].matchAll(/\| "(\w+)"/g)].map(([, code]) => code);
  assert.deepEqual((await codes("../types/index.d.ts")).sort(), (await codes("../src/error.ts")).sort());
});

test("VERTC has the declared names, all of them", async () => {
  const text = await read("../../dist/sdk/volc.d.ts");
  const { VERTC } = sdk;
  const same = (object, names) => assert.deepEqual(Object.entries(object), names.map((name) => [name, name]));
  const own = [...text.slice(text.indexOf("export interface IEngineEvents")).split("\n}")[0].matchAll(/^ {2}(\w+): \(/gm)].map(([, name]) => name);
  const events = [...own, ...list(text, "export type MediaEvent")];
  assert.equal(events.length, 80);
  assert.deepEqual(Object.keys(VERTC.events).sort(), events.sort());
  same(VERTC.events, Object.keys(VERTC.events));
  const { AUDIO_DEVICE_TEST_FAILED: odd, ...codes } = VERTC.ErrorCode;
  assert.equal(odd, "AUDIO_DEVICE_RECORD_FAILED");
  same(codes, Object.keys(codes));
  assert.deepEqual(Object.keys(VERTC.ErrorCode), list(text, "export type ErrorCode"));
  assert.equal(Object.keys(VERTC.ErrorCode).length, 94);
  const body = (start) => text.slice(text.indexOf(start)).split("\n}")[0];
  const members = (start) => [...body(start).matchAll(/^ {2}(?:readonly )?(\w+)[<(:]/gm)].map(([, name]) => name);
  assert.deepEqual(Object.keys(VERTC).sort(), members("export interface IVERTC").sort());
  const methods = new Set([...members("export interface EngineEmitter"), ...members("export interface IRTCEngine"),
    ...list(text, "export type MediaPromise"), ...list(text, "export type MediaVoid")]);
  const has = Object.getOwnPropertyNames(Object.getPrototypeOf(VERTC.createEngine("x"))).filter((name) => name !== "constructor");
  assert.deepEqual(has.sort(), [...methods].sort());
});

test("enumerations have the declared members, and lead back", async () => {
  const text = await read("../../dist/sdk/volc.d.ts");
  const volc = await import("../../dist/sdk/volc.js");
  const declared = [...text.matchAll(/^export declare enum (\w+) \{([^}]*)\}/gm)];
  assert.deepEqual(declared.map(([, name]) => name).concat("default").sort(), Object.keys(volc).sort());
  for (const [, name, members] of declared) {
    const want = {};
    for (const [, key, value] of members.matchAll(/(\w+) = ("\w+"|-?\d+)/g)) {
      want[key] = JSON.parse(value);
      if (typeof want[key] === "number") want[want[key]] = key;
    }
    assert.deepEqual(volc[name], want, name);
  }
});

test("VERTC's methods that the page calls are those that Go lends", async () => {
  const go = await read("../../wasm/volc/engine.go");
  const lent = [...go.slice(go.indexOf("var methods")).split("\n}")[0].matchAll(/"(\w+)"/g)].map(([, name]) => name);
  const sources = (await Promise.all(["core", "engine"].map((name) => read(`../src/volc/${name}.ts`)))).join("\n");
  const called = new Set([...sources.matchAll(/\.(?:call|now|end|ask|enter)\("(\w+)"/g)].map(([, name]) => name));
  for (const name of ["explain", "diagnose", "trace"]) called.add(name); // of every dialect
  assert.deepEqual([...called].sort(), lent.sort());
});

test("declarations exist for both module formats", async () => {
  for (const name of ["index", "express", "volc"]) {
    const esm = await read(`../../dist/sdk/${name}.d.ts`);
    assert.equal((await read(`../../dist/sdk/${name}.d.cts`)), esm.replaceAll('.js"', '.cjs"'));
  }
});
