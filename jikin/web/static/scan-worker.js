// Reads QR codes out of pictures; the one place that runs WebAssembly, under a policy of its own.

import { prepareZXingModule, readBarcodes } from "./zxing/reader/index.js";

prepareZXingModule({
  overrides: { locateFile: (path) => new URL(`./zxing/reader/${path}`, import.meta.url).href },
});

const OPTIONS = { formats: ["QRCode"], tryHarder: true, maxNumberOfSymbols: 4 };

globalThis.addEventListener("message", async ({ data }) => {
  const found = await readBarcodes(data, OPTIONS);
  postMessage(found.filter((code) => code.isValid).map((code) => code.text));
});
