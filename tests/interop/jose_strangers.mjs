// Third parties for JWTs, SD-JWT VCs and status lists: npm jose, @sd-jwt/sd-jwt-vc, @sd-jwt/jwt-status-list.
// Reads one JSON document, prints one: {"tasks": [{"act", …}]} → {"answers": [{…} | {"error"}]}, task by task.
//
//   verify_jws  {token, jwk, typ?}             → {payload, header}
//   sign_jws    {claims, header, kind}         → {token, jwk}         kind: "EdDSA", "Ed25519", "ES256", "ES384"
//   verify_sd   {token, jwk, nonce?, now}      → {payload, bound}     the holder's key is that of cnf
//   issue_sd    {claims, frame, kind}          → {token, jwk}         with a fresh holder: {holder}
//   present_sd  {frame, binding, now}          → {token}              of the last issue_sd, by its holder
//   read_list   {bits, lst}                    → {statuses: {index: value} of those that are not 0}
//   write_list  {bits, statuses}               → {lst}

import crypto from "node:crypto";
import { StatusList } from "@sd-jwt/jwt-status-list";
import { SDJwtVcInstance } from "@sd-jwt/sd-jwt-vc";
import * as jose from "jose";
import { run } from "./common.mjs";

const ALGORITHMS = ["EdDSA", "Ed25519", "ES256", "ES384"];
const hasher = (data, name) =>
  new Uint8Array(
    crypto
      .createHash(name.toLowerCase().replaceAll("-", ""))
      .update(typeof data === "string" ? data : Buffer.from(data))
      .digest(),
  );
const saltGenerator = (length) => crypto.randomBytes(length).toString("hex").slice(0, length);
const hashOf = (alg) => (alg === "ES384" ? "sha384" : alg.startsWith("ES") ? "sha256" : null);
const algOf = (jwk) => ({ "P-256": "ES256", "P-384": "ES384", Ed25519: "EdDSA" })[jwk.crv];

const rawSign = (jwk) => (data) => {
  const key = crypto.createPrivateKey({ key: jwk, format: "jwk" });
  const signature = crypto.sign(hashOf(algOf(jwk)), Buffer.from(data), { key, dsaEncoding: "ieee-p1363" });
  return signature.toString("base64url");
};
const rawVerify = (jwk) => (data, signature) => {
  const key = crypto.createPublicKey({ key: jwk, format: "jwk" });
  const raw = Buffer.from(signature, "base64url");
  return crypto.verify(hashOf(algOf(jwk)), Buffer.from(data), { key, dsaEncoding: "ieee-p1363" }, raw);
};
const newPair = async (kind) => {
  const { publicKey, privateKey } = await jose.generateKeyPair(kind, { extractable: true });
  return { jwk: await jose.exportJWK(publicKey), secret: await jose.exportJWK(privateKey), privateKey };
};

let holder = null;
let issued = null;

const acts = {
  verify_jws: async ({ token, jwk, typ }) => {
    const key = await jose.importJWK(jwk, algOf(jwk));
    const found = await jose.compactVerify(token, key, { algorithms: ALGORITHMS });
    // when it was good is not asked
    await jose.jwtVerify(token, key, { typ, algorithms: ALGORITHMS, currentDate: new Date("2030-01-01") });
    return { payload: Buffer.from(found.payload).toString("utf8"), header: found.protectedHeader };
  },
  sign_jws: async ({ claims, header, kind }) => {
    const { jwk, privateKey } = await newPair(kind);
    const data = new TextEncoder().encode(JSON.stringify(claims));
    const signing = new jose.CompactSign(data).setProtectedHeader({ alg: kind, ...header });
    return { token: await signing.sign(privateKey), jwk };
  },
  verify_sd: async ({ token, jwk, nonce, now }) => {
    const kbVerifier = (data, signature, payload) => rawVerify(payload.cnf.jwk)(data, signature);
    const instance = new SDJwtVcInstance({ hasher, verifier: rawVerify(jwk), kbVerifier });
    const found = await instance.verify(token, { currentDate: now, keyBindingNonce: nonce });
    return { payload: found.payload, bound: found.kb?.payload ?? null };
  },
  issue_sd: async ({ claims, frame, kind }) => {
    const { jwk, secret } = await newPair(kind);
    holder = await newPair("ES256");
    const signer = { signer: rawSign(secret), signAlg: kind };
    const instance = new SDJwtVcInstance({ hasher, hashAlg: "sha-256", saltGenerator, ...signer });
    issued = await instance.issue({ ...claims, cnf: { jwk: holder.jwk } }, frame);
    return { token: issued, jwk, holder: holder.jwk };
  },
  present_sd: async ({ frame, binding, now }) => {
    const signer = { kbSigner: rawSign(holder.secret), kbSignAlg: "ES256" };
    const instance = new SDJwtVcInstance({ hasher, hashAlg: "sha-256", saltGenerator, ...signer });
    return { token: await instance.present(issued, frame, { kb: { payload: { iat: now, ...binding } } }) };
  },
  read_list: async ({ bits, lst }) => {
    const list = StatusList.decompressStatusList(lst, bits);
    return { statuses: Object.fromEntries(list.statusList.flatMap((value, index) => (value ? [[index, value]] : []))) };
  },
  write_list: async ({ bits, statuses }) => ({ lst: new StatusList(statuses, bits).compressStatusList() }),
};

await run(async ({ tasks }) => {
  const answers = [];
  for (const { act, ...task } of tasks) {
    try {
      answers.push(await acts[act](task));
    } catch (error) {
      answers.push({ error: `${error?.name}: ${error?.message}` });
    }
  }
  return { answers };
});
