// What the three scripts share: keys and JOSE by node:crypto alone, the callbacks the @openid4vc packages ask for, and
// fetch, either from answers handed in (offline) or from the network (live).

import crypto from "node:crypto";
import { clientAuthenticationAnonymous, setGlobalConfig } from "@openid4vc/oauth2";

setGlobalConfig({ allowInsecureUrls: true }); // trial set-ups run on http://localhost

const b64 = (data) => Buffer.from(data).toString("base64url");
const json = (text) => JSON.parse(Buffer.from(text, "base64url").toString("utf8"));

export const readInput = async () => {
  const chunks = [];
  for await (const chunk of process.stdin) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString("utf8"));
};

// Prints one JSON document on a line of its own, before the last one.
export const say = (document) => process.stdout.write(`${JSON.stringify(document)}\n`);

// Prints what `work` returns, or the error it threw, as one JSON document.
export const run = async (work) => {
  try {
    process.stdout.write(JSON.stringify({ ok: true, ...(await work(await readInput())) }));
  } catch (error) {
    process.stdout.write(JSON.stringify({ ok: false, name: error?.name ?? "Error", error: describe(error) }));
  }
};

const describe = (error) => {
  const response = error?.errorResponse ?? error?.response?.credentialErrorResponseResult?.data ?? error?.responseText;
  return [String(error?.message ?? error), response ? JSON.stringify(response) : ""].filter(Boolean).join(" · ");
};

// --- keys ---

export const newKey = (kind) => {
  const { privateKey } =
    kind === "Ed25519" ? crypto.generateKeyPairSync("ed25519") : crypto.generateKeyPairSync("ec", { namedCurve: "P-256" });
  return privateKey.export({ format: "jwk" });
};

export const publicOf = ({ kty, crv, x, y }) => (y === undefined ? { kty, crv, x } : { kty, crv, x, y });

export const algOf = (jwk) => (jwk.crv === "Ed25519" ? "EdDSA" : "ES256");

export const didJwk = (jwk) => `did:jwk:${b64(JSON.stringify(publicOf(jwk)))}`;

const ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

const fromBase58 = (text) => {
  let number = 0n;
  for (const symbol of text) number = number * 58n + BigInt(ALPHABET.indexOf(symbol));
  const hex = number.toString(16);
  return Buffer.from(hex.length % 2 ? `0${hex}` : hex, "hex");
};

const toBase58 = (bytes) => {
  let number = BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
  let text = "";
  for (; number > 0n; number /= 58n) text = ALPHABET[Number(number % 58n)] + text;
  return text;
};

export const didKey = (jwk) => {
  const x = Buffer.from(jwk.x, "base64url");
  if (jwk.crv === "Ed25519") return `did:key:z${toBase58(Buffer.concat([Buffer.from([0xed, 0x01]), x]))}`;
  const sign = 2 + (Buffer.from(jwk.y, "base64url").at(-1) & 1);
  return `did:key:z${toBase58(Buffer.concat([Buffer.from([0x80, 0x24, sign]), x]))}`;
};

const keyOfMultikey = (text) => {
  const bytes = fromBase58(text.slice(1));
  const raw = bytes.subarray(2);
  if (bytes[0] === 0xed) return { kty: "OKP", crv: "Ed25519", x: b64(raw) };
  const point = crypto.ECDH.convertKey(raw, "prime256v1", null, null, "uncompressed");
  return { kty: "EC", crv: "P-256", x: b64(point.subarray(1, 33)), y: b64(point.subarray(33)) };
};

const webDocument = (did) => {
  const [host, ...path] = did.slice("did:web:".length).split(":").map(decodeURIComponent);
  const scheme = host.startsWith("localhost") || host.startsWith("127.0.0.1") ? "http" : "https";
  return `${scheme}://${host}/${path.length ? path.join("/") : ".well-known"}/did.json`;
};

const keyOfDidUrl = async (didUrl, fetch) => {
  const [did, fragment] = didUrl.split("#");
  if (did.startsWith("did:jwk:")) return json(did.slice("did:jwk:".length));
  if (did.startsWith("did:key:")) return keyOfMultikey(did.slice("did:key:".length));
  if (!did.startsWith("did:web:")) throw new Error(`no such DID method: ${did}`);
  const document = await (await fetch(webDocument(did))).json();
  const method = document.verificationMethod.find((entry) => entry.id === didUrl || entry.id === `#${fragment}`);
  return method.publicKeyJwk ?? keyOfMultikey(method.publicKeyMultibase);
};

const keyOfSigner = async (signer, fetch) => {
  if (signer.method === "jwk") return signer.publicJwk;
  if (signer.method === "did") return keyOfDidUrl(signer.didUrl, fetch);
  if (signer.method === "x5c") {
    const certificate = new crypto.X509Certificate(Buffer.from(signer.x5c[0], "base64"));
    return publicOf(certificate.publicKey.export({ format: "jwk" }));
  }
  throw new Error(`no key of a signer by ${signer.method}`);
};

// --- JOSE ---

const digest = (jwk) => (jwk.crv === "Ed25519" ? null : "sha256");

const sign = (header, payload, jwk) => {
  const signed = `${b64(JSON.stringify(header))}.${b64(JSON.stringify(payload))}`;
  const key = crypto.createPrivateKey({ key: jwk, format: "jwk" });
  return `${signed}.${b64(crypto.sign(digest(jwk), Buffer.from(signed), { key, dsaEncoding: "ieee-p1363" }))}`;
};

const verify = (compact, jwk) => {
  const [header, payload, signature] = compact.split(".");
  const key = crypto.createPublicKey({ key: publicOf(jwk), format: "jwk" });
  const options = { key, dsaEncoding: "ieee-p1363" };
  return crypto.verify(digest(jwk), Buffer.from(`${header}.${payload}`), options, Buffer.from(signature, "base64url"));
};

// RFC 7518, section 4.6: ECDH-ES, direct, with the Concat KDF
const agreed = (privateJwk, publicJwk, { enc, apu, apv }) => {
  const bits = Number(enc.slice(1, 4));
  const secret = crypto.diffieHellman({
    privateKey: crypto.createPrivateKey({ key: privateJwk, format: "jwk" }),
    publicKey: crypto.createPublicKey({ key: publicOf(publicJwk), format: "jwk" }),
  });
  const number = (value) => Buffer.from([value >>> 24, value >>> 16, value >>> 8, value].map((byte) => byte & 255));
  const counted = (data) => Buffer.concat([number(data.length), data]);
  const info = [Buffer.from(enc), Buffer.from(apu ?? "", "base64url"), Buffer.from(apv ?? "", "base64url")].map(counted);
  return crypto
    .createHash("sha256")
    .update(Buffer.concat([number(1), secret, ...info, number(bits)]))
    .digest()
    .subarray(0, bits / 8);
};

const cipherOf = (enc) => `aes-${enc.slice(1, 4)}-gcm`;

export const encrypt = (plain, publicJwk, { enc, apu, apv }) => {
  const ephemeral = newKey("P-256");
  const header = { alg: "ECDH-ES", enc, kid: publicJwk.kid, epk: publicOf(ephemeral), apu, apv };
  const head = b64(JSON.stringify(header));
  const vector = crypto.randomBytes(12);
  const cipher = crypto.createCipheriv(cipherOf(enc), agreed(ephemeral, publicJwk, header), vector);
  cipher.setAAD(Buffer.from(head));
  const sealed = Buffer.concat([cipher.update(plain, "utf8"), cipher.final()]);
  return [head, "", b64(vector), b64(sealed), b64(cipher.getAuthTag())].join(".");
};

export const decrypt = (jwe, privateJwk) => {
  const [head, , vector, sealed, tag] = jwe.split(".");
  const header = json(head);
  if (header.alg !== "ECDH-ES") throw new Error(`alg is ${header.alg}`);
  const key = agreed(privateJwk, header.epk, header);
  const cipher = crypto.createDecipheriv(cipherOf(header.enc), key, Buffer.from(vector, "base64url"));
  cipher.setAAD(Buffer.from(head));
  cipher.setAuthTag(Buffer.from(tag, "base64url"));
  return Buffer.concat([cipher.update(Buffer.from(sealed, "base64url")), cipher.final()]).toString("utf8");
};

// --- callbacks ---

// `answers`: URL → {status, headers, body}; without it the network is asked. Every request is noted in `asked`.
export const fetchOf = (answers, asked) => async (url, init = {}) => {
  const body = init.body === undefined || init.body === null ? null : String(init.body);
  asked.push({ url: String(url), method: init.method ?? "GET", headers: { ...(init.headers ?? {}) }, body });
  if (!answers) return fetch(url, init);
  const answer = answers[String(url)];
  if (!answer) return new Response("", { status: 404 });
  const text = typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body);
  return new Response(answer.status === 204 ? null : text, { status: answer.status ?? 200, headers: answer.headers ?? { "content-type": "application/json" } });
};

// `keys` are the private JWKs this side signs and decrypts with.
export const callbacksOf = ({ answers, asked, keys = [] }) => {
  const fetching = fetchOf(answers, asked);
  const own = (jwk) => keys.find((key) => key.x === jwk.x);
  return {
    fetch: fetching,
    hash: (data, alg) => crypto.createHash(alg.replace("-", "")).update(data).digest(),
    generateRandom: (count) => crypto.randomBytes(count),
    clientAuthentication: clientAuthenticationAnonymous(),
    signJwt: async (signer, { header, payload }) => {
      const key = own(await keyOfSigner(signer, fetching));
      return { jwt: sign(header, payload, key), signerJwk: publicOf(key) };
    },
    verifyJwt: async (signer, { compact }) => {
      const jwk = await keyOfSigner(signer, fetching);
      return verify(compact, jwk) ? { verified: true, signerJwk: jwk } : { verified: false };
    },
    encryptJwe: async (encryptor, data) => ({
      encryptionJwk: encryptor.publicJwk,
      jwe: encrypt(data, encryptor.publicJwk, encryptor),
    }),
    decryptJwe: async (jwe, options) => {
      const key = options?.jwk ? own(options.jwk) : keys[0];
      return { decrypted: true, decryptionJwk: publicOf(key), payload: decrypt(jwe, key) };
    },
    getX509CertificateMetadata: (certificate) => {
      const names = new crypto.X509Certificate(Buffer.from(certificate, "base64")).subjectAltName ?? "";
      const of = (kind) => names.split(", ").filter((name) => name.startsWith(kind)).map((name) => name.slice(kind.length));
      return { sanDnsNames: of("DNS:"), sanUriNames: of("URI:") };
    },
  };
};
