// Other implementations of the Ed25519 and ML-DSA-44 cryptosuites: @digitalbazaar/vc with its suites, and
// @noble/post-quantum. Reads one JSON document, prints one. Nothing is fetched: "documents" (URL → JSON) has every
// context, DID document and key that is named.
//
// {"documents", "now": ISO time,
//  "issue":  name → {"suite", "credential", "key": the verification method with its secret},
//  "verify": name → {"suite", "credential"},
//  "quantum": name → {"seed", "message", "publicKey", "signature"} in hex}
//   → {"issued": name → credential, "verdicts": name → "verified" or what was wrong,
//      "quantum": name → {"verified", "publicKey", "signature"}: of the one given, and made with the seed}

import * as Ed25519Multikey from "@digitalbazaar/ed25519-multikey";
import { DataIntegrityProof } from "@digitalbazaar/data-integrity";
import { Ed25519Signature2020 } from "@digitalbazaar/ed25519-signature-2020";
import { cryptosuite } from "@digitalbazaar/eddsa-rdfc-2022-cryptosuite";
import * as vc from "@digitalbazaar/vc";
import { ml_dsa44 as mlDsa44 } from "@noble/post-quantum/ml-dsa.js";
import { run } from "./common.mjs";

const suites = {
  "eddsa-rdfc-2022": (options) => new DataIntegrityProof({ cryptosuite, ...options }),
  Ed25519Signature2020: (options) => new Ed25519Signature2020(options),
};

const reason = (error) => {
  const inner = error?.errors ?? error?.cause?.errors ?? [];
  return [error?.message, error?.cause?.message, ...inner.map(reason)].filter(Boolean).join(" · ") || "refused";
};

const each = async (tasks, work) => {
  const done = {};
  for (const [name, task] of Object.entries(tasks ?? {})) done[name] = await work(task);
  return done;
};

const bytes = (hex) => new Uint8Array(Buffer.from(hex, "hex"));
const hex = (data) => Buffer.from(data).toString("hex");

await run(async ({ documents, now, issue, verify, quantum }) => {
  const documentLoader = async (url) => {
    if (!(url in documents)) throw new Error(`not at hand: ${url}`);
    return { contextUrl: null, documentUrl: url, document: structuredClone(documents[url]) };
  };
  const issued = await each(issue, async ({ suite, credential, key }) => {
    const signer = (await Ed25519Multikey.from(key)).signer();
    return vc.issue({ credential, suite: suites[suite]({ signer, date: now }), documentLoader, now });
  });
  const verdicts = await each(verify, async ({ suite, credential }) => {
    const checkStatus = async () => ({ verified: true }); // the proof alone is judged here
    const result = await vc.verifyCredential({ credential, suite: suites[suite](), documentLoader, now, checkStatus });
    return result.verified ? "verified" : reason(result.error);
  });
  const judged = await each(quantum, async ({ seed, message, publicKey, signature }) => {
    const pair = mlDsa44.keygen(bytes(seed));
    return {
      verified: mlDsa44.verify(bytes(signature), bytes(message), bytes(publicKey)),
      publicKey: hex(pair.publicKey),
      signature: hex(mlDsa44.sign(bytes(message), pair.secretKey)),
    };
  });
  return { issued, verdicts, quantum: judged };
});
