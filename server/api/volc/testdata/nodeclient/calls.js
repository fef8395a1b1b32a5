// Makes the calls that stand on standard input, with the Node client of the
// service, and writes what it answered: a JSON list either way.
import { readFileSync } from "node:fs";
import openapi from "@volcengine/openapi";

const { Service, Signer, rtcOpenapi } = openapi;
const { host, accessKeyId, secretKey, sessionToken, calls } = JSON.parse(readFileSync(0, "utf8"));
const region = "cn-north-1";
const service = new rtcOpenapi.RtcService({ host, protocol: "http:", region, accessKeyId, secretKey, sessionToken });

const ways = {
  // The usual way: the class has no method of its own for these actions.
  json: ({ action, version, body }) => service.createJSONAPI(action, { Version: version })(body),
  // Without a version the client names its default.
  versionless: ({ action, body }) => service.createJSONAPI(action)(body),
  // JSON under the content type of a form.
  fetch: ({ action, version, body }) => service.fetchOpenAPI({ Action: action, Version: version, method: "POST", data: body }),
  // Headers and parameters of one's own.
  own: ({ action, version, body }) =>
    service.createJSONAPI(action, { Version: version })(body, {
      query: { trace: "a b(c)*~!é", none: undefined },
      headers: { "X-Trace": "  two   words " },
    }),
  // The class that all services share.
  generic: ({ action, version, body }) =>
    new Service({ host, protocol: "http:", region, accessKeyId, secretKey, serviceName: "rtc", defaultVersion: version }).createJSONAPI(action)(body),
  // An address that is signed beforehand, called by anything.
  async presigned({ action, version, body }) {
    const signer = new Signer({ region, method: "POST", pathname: "/", params: { Action: action, Version: version } }, "rtc");
    const query = signer.getSignUrl({ accessKeyId, secretKey });
    const response = await fetch(`http://${host}/?${query}`, { method: "POST", body: JSON.stringify(body) });
    return response.json();
  },
};

const answers = [];
for (const call of calls) {
  answers.push(await ways[call.way](call).catch((error) => ({ threw: String(error) })));
}
process.stdout.write(JSON.stringify(answers));
